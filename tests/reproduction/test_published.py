"""A published run is the run that was published, or it is refused."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hhexp.errors import UserError
from hhexp.reproduction import published
from hhexp.reproduction.layout import render
from hhexp.reproduction.record import Record

Make = Callable[..., Record]
ROOT = Path(__file__).parents[2]

PATCH = "diff --git a/x b/x\n-one\r\n+two \n \n+\tthree\x0c\n"
FILES = {"packages.txt": "numpy==2.1.0\r\n", "changes.patch": PATCH}


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, with their bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "study" / "runs"


@pytest.fixture
def file(make_record: Make, runs: Path) -> Path:
    """A published run."""
    return published.write(make_record(files=FILES), runs)


def refusal(file: Path) -> str:
    """Why a published run is not read."""
    with pytest.raises(UserError) as error:
        published.read(file)
    said = str(error.value)
    assert "\n" not in said and str(file.parent) in said
    return said


def test_what_was_published_is_read_to_the_last_bit(make_record: Make, runs: Path) -> None:
    losses = [0.1 + 0.2, math.inf, -0.0, 5e-324]
    record = make_record(
        name="aug=none: é",
        overrides=["aug=none", "tracking.label='on'", "a=1\nb"],
        choices={"aug": "none"},
        config={"epochs": 4, "model": {"filters": [16, 32]}, "lr": 1e-07, "on": "off", "x": None},
        identity={"seed": 0, "lr.value": 1e-07, "flag": True, "source a.py": "a1", "none": None},
        git={"modules": ["hhexp"], "commit": "abc", "patch": "changes.patch"},
        environment={"TF_ENABLE_ONEDNN_OPTS": "1"},
        epochs=[
            {"epoch": n, "metrics": {"val/loss": loss}, "weights": f"{n}" * 64}
            for n, loss in enumerate(losses, start=1)
        ],
        files=FILES,
    )
    file = published.write(record, runs)
    back = published.read(file)
    assert back == record.model_copy(update={"where": str(file)})
    assert repr(back.epochs) == repr(record.epochs)


def test_a_diverged_run_can_be_published(make_record: Make, runs: Path) -> None:
    epoch = {"epoch": 1, "metrics": {"val/loss": math.nan}, "weights": "a" * 64}
    (back,) = published.read(published.write(make_record(epochs=[epoch]), runs)).epochs
    assert math.isnan(back.metrics["val/loss"])


def test_the_file_says_how_to_reproduce_it_and_has_a_line_an_epoch(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    assert any(line.endswith(f"python -m hhexp.reproduce {'0' * 32}") for line in lines[:3])
    assert f"- {{epoch: 1, metrics: {{val/loss: 0.5}}, weights: {'a' * 64}}}" in lines


def test_what_runs_share_is_kept_once_under_its_hash(make_record: Make, runs: Path) -> None:
    for number in range(3):
        identity = {"seed": number, "source hhexp/models/cnn.py": "c" * 32}
        published.write(make_record(run_id=f"{number:032}", identity=identity, files=FILES), runs)
    assert sorted(name[: name.rindex("-")] for name in tree(runs / "shared")) == [
        "changes",
        "packages",
        "training-sources",
    ]
    (patch,) = (runs / "shared").glob("changes-*.patch")
    assert patch.read_bytes() == PATCH.encode()
    assert "cnn.py" not in (runs / f"{2:032}.yaml").read_text("utf-8")
    assert published.read(runs / f"{2:032}.yaml").identity == identity


def test_a_second_time_gives_the_same_files(make_record: Make, runs: Path, file: Path) -> None:
    before = tree(runs)
    assert published.write(make_record(files=FILES), runs) == file
    assert tree(runs) == before


def test_publishing_again_repairs_a_shared_file(make_record: Make, runs: Path, file: Path) -> None:
    before = tree(runs)
    for shared in (runs / "shared").iterdir():
        shared.write_text("edited")
    published.write(make_record(files=FILES), runs)
    assert tree(runs) == before


@pytest.mark.parametrize("last", [False, True])
def test_an_interrupted_write_leaves_nothing_half(
    last: bool, make_record: Make, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupt(source: Path, target: Path) -> None:
        if (target.parent == runs) == last:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        published.write(make_record(files=FILES), runs)
    assert list(runs.glob("*.yaml")) == []
    assert not [name for name in tree(runs) if Path(name).name.startswith(".")]


def test_an_edited_shared_file_is_named(file: Path) -> None:
    (packages,) = (file.parent / "shared").glob("packages-*")
    packages.write_text("numpy==2.2.0\n")
    assert refusal(file).startswith(
        f"{packages} was edited: its SHA-256 is not the one in its name"
    )


def test_a_missing_shared_file_is_named(file: Path) -> None:
    (packages,) = (file.parent / "shared").glob("packages-*")
    packages.unlink()
    assert refusal(file).startswith(f"{packages}: not found, and {file.name} needs it")


def test_a_renamed_file_is_refused(file: Path) -> None:
    other = file.rename(file.with_name(f"{'1' * 32}.yaml"))
    assert f"run_id: must be {'1' * 32}, as the file's name says" in refusal(other)


def rewrite(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit what a run's file holds."""
    content = yaml.safe_load(file.read_text("utf-8"))
    change(content)
    file.write_text(render(content), "utf-8")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda run: run.pop("identity"), "identity: missing"),
        (lambda run: run.pop("config"), "config: missing"),
        (lambda run: run.pop("epochs"), "epochs: missing"),
        (lambda run: run.pop("shared"), "shared: missing"),
        (lambda run: run.update(overrides="aug=none"), "overrides: must be a list"),
        (lambda run: run.update(config=[]), "config: must be a mapping"),
        (lambda run: run.update(git="abc"), "git: must be a mapping"),
        (lambda run: run.update(more=1), "more: not a key that a run has"),
        (
            lambda run: run["identity"].update(seed=[1]),
            "identity: seed: must be a string, a number",
        ),
        (lambda run: run["epochs"][0].update(epoch=2), "epoch 2 is where epoch 1 should be"),
        (lambda run: run["epochs"][0].update(weights="a"), "weights: must be a SHA-256"),
        (lambda run: run["epochs"].append(run["epochs"][0]), "epoch 1 is where epoch 2 should be"),
        (lambda run: run["epochs"].clear(), "there are 0, the configuration says 1"),
        (lambda run: run["shared"].update({"packages.txt": "../x"}), "packages.txt: must be a SHA"),
        (lambda run: run["shared"].update({"../../x": "a" * 64}), "../../x: not a file that runs"),
    ],
)
def test_an_edited_run_is_refused(file: Path, change: Any, problem: str) -> None:
    rewrite(file, change)
    said = refusal(file)
    assert said.startswith(f"{file} was edited or is damaged: ") and problem in said


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "must be a mapping"),
        (b"[]", "must be a mapping"),
        (b"run_id: [", "not valid YAML: line 1"),
        (b"\xff\xfe\xfa", "not UTF-8 text"),
        (b"<<<<<<< HEAD\nrun_id: a\n=======\nrun_id: b\n>>>>>>> b\n", "not valid YAML: line 2"),
    ],
)
def test_a_damaged_file_is_refused(file: Path, content: bytes, problem: str) -> None:
    file.write_bytes(content)
    assert problem in refusal(file)


def test_what_cannot_be_read_or_written_is_named(make_record: Make, runs: Path, file: Path) -> None:
    file.unlink()
    file.mkdir()
    assert refusal(file) == f"{file}: not a file"
    with pytest.raises(UserError, match=r"\.yaml.*: Is a directory"):
        published.write(make_record(files=FILES), runs)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../x", "/tmp", "a/b", "a\\b", ".git", "-x", "a\n"]
)
def test_a_study_s_name_does_not_lead_out_of_the_studies(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--study .*: must be a folder's name"):
        published.runs_folder(tmp_path, name)


@pytest.mark.parametrize("link", ["study", "study/runs", "study/runs/shared"])
def test_a_link_is_not_followed(link: str, tmp_path: Path) -> None:
    assert published.runs_folder(tmp_path, "study") == tmp_path / "study" / "runs"
    place = tmp_path / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to("/tmp")
    with pytest.raises(UserError, match="is a link"):
        published.runs_folder(tmp_path, "study")


@pytest.mark.parametrize(
    "study", sorted(path.parent.name for path in ROOT.glob("experiments/*/runs"))
)
def test_the_repository_s_own_runs_are_read(study: str) -> None:
    runs = ROOT / "experiments" / study / "runs"
    first, *rest = sorted(runs.glob("*.yaml"))
    assert published.read(first).files.keys() >= {"sources.json", "packages.txt", "data.json"}
    named = {path.name for path in (runs / "shared").iterdir()}
    texts = [file.read_text("utf-8") for file in (first, *rest)]
    for name in named:  # none lies there in vain
        assert any(name.rpartition("-")[2].partition(".")[0] in text for text in texts), name

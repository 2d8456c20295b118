"""Any two runs are compared, stored or published, and the exit status says whether they differ."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

PUBLISHED = Path(__file__).parents[1] / "experiments"


@pytest.fixture(scope="module")
def trained(new_shell: Callable[[], Any]) -> Any:
    """A folder with a sweep of two runs that share an epoch, the first also published."""
    shell = new_shell()
    swept = shell.train("-m", "epochs=1,2")
    assert swept.returncode == 0, swept.stderr
    short, long = sorted(shell.runs(), key=lambda run: int(run.params["epochs"]))
    published = shell.call("publish", short.run_id, "--study", "tiny")
    assert published.returncode == 0, published.stderr
    return shell, short, long


def test_runs_of_a_sweep_differ_from_the_epoch_on_that_only_one_has(trained: Any) -> None:
    shell, short, long = trained
    result = shell.call("diff", short.run_id[:9], long.run_id[:9])
    assert result.returncode == 1, result.stderr
    assert f"{short.run_id[:8]}  {short.name}, from sqlite" in result.stdout
    assert "All metrics of the first 1 epochs and the weights are the same" in result.stdout
    assert f"only {long.run_id[:8]} goes on, to epoch 2" in result.stdout
    assert " epochs " in result.stdout and "doubtful" not in result.stdout


def test_a_run_does_not_differ_from_itself(trained: Any) -> None:
    shell, short, _ = trained
    result = shell.call("diff", short.run_id, short.run_id)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "made in the same way" in result.stdout


def test_a_sweep_is_an_error_that_names_its_runs(trained: Any) -> None:
    shell, short, long = trained
    result = shell.call("diff", short.run_id, short.parent_id)
    assert result.returncode == 2
    assert "is a sweep: give one of its runs" in result.stderr
    assert short.run_id[:8] in result.stderr and long.run_id[:8] in result.stderr


def test_a_stored_and_a_published_run_are_compared(trained: Any, shell: Any) -> None:
    source, short, _ = trained
    made = shell.train("epochs=1", "seed=1")
    assert made.returncode == 0, made.stderr
    folder = shutil.copytree(source.folder / "experiments", shell.folder / "elsewhere")
    file = folder / "tiny" / "runs" / f"{short.run_id}.yaml"
    content = yaml.safe_load(file.read_text("utf-8"))
    content["environment"]["X"] = "[red]\x1b[2K"
    content["name"] = "[/]\x1b"
    file.write_text(yaml.safe_dump(content), "utf-8")
    other = shell.runs()[0].run_id
    words = ["--published", "elsewhere", "--tracking-uri", shell.store.uri]
    result = shell.call("diff", short.run_id, other, *words)
    assert result.returncode == 1, result.stderr
    assert "seed" in result.stdout and "The first difference is in epoch 1" in result.stdout
    assert "[red]\\x1b[2K" in result.stdout and "[/]\\x1b, from" in result.stdout
    assert "\x1b" not in result.stdout


def test_an_unknown_run_is_an_error(trained: Any) -> None:
    shell, short, _ = trained
    result = shell.call("diff", short.run_id, "0123abcd")
    assert (result.returncode, len(result.stderr.strip().splitlines())) == (2, 1)


def test_the_flagship_s_published_runs_are_compared(shell: Any) -> None:
    short, long = (find_published(f"aug=none epochs={epochs} seed=0") for epochs in (15, 30))
    result = shell.call("diff", short, long, "--published", str(PUBLISHED))
    assert result.returncode == 1, result.stderr
    assert "first 15 epochs and the weights are the same" in result.stdout


def find_published(name: str) -> str:
    """The ID of the flagship's published run of a name."""
    files = (PUBLISHED / "augmentation_vs_epochs" / "runs").glob("*.yaml")
    (run_id,) = (file.stem for file in files if f"\nname: {name}\n" in file.read_text("utf-8"))
    return run_id

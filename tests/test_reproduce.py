"""Any run can be trained again from its ID, and the verdict is right and says why."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from hhexp.tracking.query import find_finished, find_run
from hhexp.training import isa

OWN_MODULE = """
from hhexp.config.registry import model_builder

@model_builder
def own(input_shape, outputs, *, units: int):
    import keras
    layers = keras.layers
    return keras.Sequential([
        keras.Input(input_shape), layers.Rescaling(1 / 255), layers.Flatten(),
        layers.Dense(units, activation="relu"), layers.Dense(outputs, activation="sigmoid"),
    ])
"""


@pytest.fixture(scope="module")
def trained(new_shell: Callable[[], Any]) -> Any:
    """A folder with one run, which is also published, and its ID."""
    shell = new_shell()
    result = shell.train("aug=full", "epochs=2")
    assert result.returncode == 0, result.stderr
    run_id = shell.runs()[0].run_id
    published = shell.call("publish", run_id[:7], "--study", "tiny")
    assert published.returncode == 0, published.stderr
    return shell, run_id


def reproductions(shell: Any) -> list[Any]:
    return find_finished(shell.store, "reproduction")


def test_a_run_comes_back_exactly_and_both_runs_say_so(trained: Any) -> None:
    shell, run_id = trained
    result = shell.call("reproduce", run_id[:6])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "exact: all metrics of 2 epochs and the weights are the same" in result.stdout
    new = reproductions(shell)[-1]
    assert new.tags["hhexp.reproduces"] == run_id
    assert new.tags["hhexp.verdict"] == "exact"
    assert find_run(shell.store, run_id).tags["hhexp.reproduced"] == "exact"
    verdict = json.loads(shell.artifact(new.run_id, "verdict.json").read_text())
    assert (verdict["kind"], verdict["epochs"]) == ("exact", 2)


def test_a_dry_run_says_what_to_expect_and_trains_nothing(trained: Any) -> None:
    shell, run_id = trained
    before = len(reproductions(shell))
    result = shell.call("reproduce", run_id, "--dry-run")
    assert result.returncode == 0
    assert "the numbers should come back exactly" in result.stdout
    assert len(reproductions(shell)) == before


def test_the_first_epochs_alone_can_be_checked(trained: Any) -> None:
    shell, run_id = trained
    result = shell.call("reproduce", run_id, "--epochs", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "exact: all metrics of 1 epochs" in result.stdout
    refused = shell.call("reproduce", run_id, "--epochs", "3")
    assert (refused.returncode, "the run has 2 epochs" in refused.stderr) == (2, True)


def published_elsewhere(trained: Any, shell: Any) -> Path:
    """The published run, in a folder that has no store; its file."""
    source, run_id = trained
    shutil.copytree(source.folder / "experiments", shell.folder / "experiments")
    return Path(shell.folder / "experiments" / "tiny" / "runs" / f"{run_id}.yaml")


def edit(file: Path, change: Callable[[Any], object]) -> None:
    """Change what the file of a published run holds."""
    content = yaml.safe_load(file.read_text("utf-8"))
    change(content)
    file.write_text(yaml.safe_dump(content), "utf-8")


def test_a_published_run_is_reproduced_without_its_store(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    assert file.stat().st_size < 10_000
    result = shell.call("reproduce", file.name[:8])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "experiments/tiny/runs" in result.stdout
    assert "exact" in result.stdout


def test_publishing_twice_changes_nothing(trained: Any) -> None:
    shell, run_id = trained
    runs = shell.folder / "experiments" / "tiny" / "runs"
    before = {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    result = shell.call("publish", run_id, "--study", "tiny")
    assert result.returncode == 0, result.stderr
    assert f"runs/{run_id}.yaml" in result.stdout
    assert {path: path.read_bytes() for path in runs.rglob("*") if path.is_file()} == before


def test_a_study_elsewhere_is_not_written(trained: Any) -> None:
    shell, run_id = trained
    for name in ("../../x", ""):
        result = shell.call("publish", run_id, "--study", name)
        assert result.returncode == 2
        assert result.stderr.startswith(f"hhexp: --study {name!r}: must be a folder's name")
    assert not (shell.folder.parent / "x").exists()


def test_an_edited_list_of_images_is_refused(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    (images,) = (file.parent / "shared").glob("data-*.json")
    images.write_text(images.read_text().replace("sha256", "sha512"))
    result = shell.call("reproduce", file.stem)
    assert result.returncode == 2
    assert f"{images.name} was edited" in result.stderr


def test_an_edited_history_diverges_where_it_was_edited(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    edit(file, lambda run: run["epochs"][1]["metrics"].update({"val/loss": 30.0}))
    result = shell.call("reproduce", file.stem)
    assert result.returncode == 4, result.stdout + result.stderr
    assert "diverged: the first difference is in epoch 2, val/loss" in result.stdout
    assert "outside the default tolerances, as there are fewer than 4 other seeds" in result.stdout


def test_a_metric_edited_in_the_store_is_said_before_training_and_in_the_verdict(
    new_shell: Callable[[], Any],
) -> None:
    shell = new_shell()
    assert shell.train("epochs=2").returncode == 0
    (run,) = shell.runs()
    true = shell.metrics(run.run_id)["val/loss"][0]
    with contextlib.closing(sqlite3.connect(shell.store.database)) as database, database:
        database.execute("UPDATE metrics SET value = 0.5 WHERE key = 'val/loss' AND step = 1")
    doubt = f"the store's metric val/loss of epoch 1 is 0.5, but the record says {true!r}"
    dry = shell.call("reproduce", run.run_id, "--dry-run")
    assert f"The record of run {run.run_id[:8]} is doubtful: {doubt}" in dry.stdout
    result = shell.call("reproduce", run.run_id)
    assert result.returncode == 5, result.stdout + result.stderr
    assert "exact, but the record is doubtful: all metrics of 2 epochs" in result.stdout
    assert result.stdout.count(doubt) == 2
    assert find_run(shell.store, run.run_id).tags["hhexp.reproduced"].endswith("is doubtful")
    published = shell.call("publish", run.run_id, "--study", "tiny")
    assert published.returncode == 0 and f"warning: {doubt}" in published.stdout


def test_a_cut_history_is_said_before_training(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    edit(file, lambda run: run["epochs"].pop())
    result = shell.call("reproduce", file.stem)
    assert result.returncode == 2
    assert "there are 1, the configuration says 2" in result.stderr


def test_another_thread_count_is_named_and_the_verdict_is_that_of_the_bits(
    trained: Any, shell: Any
) -> None:
    file = published_elsewhere(trained, shell)
    edit(file, lambda run: run["config"]["runtime"].update(threads=1))
    result = shell.call("reproduce", file.stem)
    assert "The numbers may not come back exactly: threads 2 → 1." in result.stdout
    made = shell.artifact(reproductions(shell)[0].run_id, "provenance/epochs.json").read_text()
    then, now = yaml.safe_load(file.read_text())["epochs"], json.loads(made)
    same = [epoch["weights"] for epoch in then] == [epoch["weights"] for epoch in now]
    assert result.returncode in ((0,) if same else (3, 4)), result.stdout + result.stderr


def test_the_recorded_instruction_set_is_taken_up_again(trained: Any, shell: Any) -> None:
    if isa.find_effective("native") == "avx2" or not isa.reaches("avx2"):
        pytest.skip("this CPU has nothing that a cap at avx2 would take away")
    file = published_elsewhere(trained, shell)
    edit(file, lambda run: run["identity"].update({"instruction set": "avx2"}))
    result = shell.call("reproduce", file.stem, "--epochs", "1")
    (made,) = reproductions(shell)
    assert made.params["runtime.isa"] == "avx2", result.stdout + result.stderr
    assert json.loads(made.tags["hhexp.identity"])["instruction set"] == "avx2"


def test_a_changed_pixel_is_named_and_told_from_the_rest(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    pictures = shutil.copytree(shell.pictures, shell.folder / "pictures")
    changed = pictures / "train" / "suns" / "suns03.png"
    with Image.open(changed) as image:
        image.putpixel((5, 5), (255, 0, 0))
        image.save(changed)
    result = shell.call("reproduce", file.stem, "--data-root", str(pictures))
    assert result.returncode in (3, 4), result.stdout + result.stderr
    assert "train/suns/suns03.png" in result.stdout
    assert "train/suns/suns04.png" not in result.stdout
    assert "the first difference is in epoch 1" in result.stdout


def test_missing_data_is_said_before_training(trained: Any, shell: Any) -> None:
    file = published_elsewhere(trained, shell)
    edit(file, lambda run: run["config"]["data"].update(root="/nowhere/to/be/found"))
    result = shell.call("reproduce", file.stem)
    assert result.returncode == 2
    assert "data.root=/nowhere/to/be/found: no such folder" in result.stderr


def test_a_changed_source_line_is_named(shell: Any) -> None:
    module = shell.folder / "own.py"
    module.write_text(OWN_MODULE)
    own = ["modules=[own]", "model.builder=own", "~model.filters", "~model.dense_units"]
    data = ["data=folder", f"data.root={shell.pictures}", "epochs=1", "+model.units=4"]
    result = shell.call("run", *own, *data)
    assert result.returncode == 0, result.stderr
    run_id = shell.runs()[0].run_id
    refused = shell.call("reproduce", run_id)
    assert (refused.returncode, "give --modules own" in refused.stderr) == (2, True)
    same = shell.call("reproduce", run_id, "--modules", "own")
    assert same.returncode == 0, same.stdout + same.stderr
    module.write_text(OWN_MODULE.replace("1 / 255", "1 / 127"))
    changed = shell.call("reproduce", run_id, "--modules", "own")
    assert changed.returncode in (3, 4)
    assert "own.py" in changed.stdout
    assert "The changed code may be the cause: source own" in changed.stdout


FROM_STEP_5 = """
import keras
from keras import layers, ops
from hhexp.config.registry import model_builder

@keras.saving.register_keras_serializable()
class Shift(layers.Layer):
    def build(self, shape):
        self.shift = self.add_weight(shape=(1,), name="shift")
        self.steps = self.add_weight(
            shape=(), name="steps", dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, x, training=False):
        if training:
            self.steps.assign(self.steps + 1)
        weight = ops.where(self.steps < 5, 1.0, FACTOR)
        # its gradient changes, and nothing else
        none = self.shift - ops.stop_gradient(self.shift)
        return x + self.shift + (weight - 1.0) * none

@model_builder
def own(input_shape, outputs):
    return keras.Sequential([
        keras.Input(input_shape), layers.Rescaling(1 / 255), layers.Flatten(),
        layers.Dense(4, activation="relu", name="hidden"), Shift(name="odd"),
        layers.Dense(outputs, activation="sigmoid", name="answer"),
    ])
"""
"""A module whose model learns otherwise from step 5 on, where FACTOR is another number than 1."""


@pytest.mark.slow
def test_the_first_step_that_differs_and_its_variable_are_named(shell: Any) -> None:
    module = shell.folder / "own.py"
    module.write_text(FROM_STEP_5.replace("FACTOR", "1.0"))
    own = ["modules=[own]", "model.builder=own", "~model.filters", "~model.dense_units"]
    data = ["data=folder", f"data.root={shell.pictures}", "epochs=3", "batch_size=8"]
    result = shell.call("run", *own, *data, "state.trace=true")
    assert result.returncode == 0, result.stderr
    run_id = shell.runs()[0].run_id
    words = ["reproduce", run_id, "--modules", "own", "--bisect"]
    same = shell.call(*words)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "no step differs" in same.stdout
    module.write_text(FROM_STEP_5.replace("FACTOR", "1.5"))
    other = shell.call(*words)
    assert other.returncode == 4, other.stdout + other.stderr
    assert (  # 20 images in batches of 8 make 3 steps
        "first difference: epoch 2, step 2, variable sequential/odd/shift; the other 5 variables "
        "are the same"
    ) in other.stdout


@pytest.mark.slow
def test_two_settings_of_this_machine_are_compared(trained: Any) -> None:
    shell, run_id = trained
    same = shell.call("reproduce", run_id, "--epochs", "1", "--bisect", "state.every=1")
    assert same.returncode == 0, same.stdout + same.stderr
    traced, untraced = (
        json.loads(shell.artifact(each, "provenance/epochs.json").read_text())[0]["weights"]
        for each in (reproductions(shell)[-1].run_id, run_id)
    )
    assert traced == untraced  # to look at the weights moves no bit
    other = shell.call("reproduce", run_id, "--bisect", "lr.value=0.001,0.002")
    assert other.returncode == 4, other.stdout + other.stderr
    assert "first difference: epoch 1, step 1, variable conv_1/kernel" in other.stdout


def test_without_a_trace_there_is_nothing_to_compare_with(trained: Any) -> None:
    shell, run_id = trained
    result = shell.call("reproduce", run_id, "--bisect")
    assert result.returncode == 2
    assert f"run {run_id[:8]} has no trace of its steps" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_run_is_one_line(trained: Any) -> None:
    shell, _ = trained
    result = shell.call("reproduce", "0123abcd")
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "0123abcd" in result.stderr


def test_a_killed_and_continued_run_comes_back(shell: Any) -> None:
    words = shell.tiny("epochs=120", "state.every=2")
    log = shell.folder / "log.txt"
    with log.open("wb") as output:
        process = shell.start(output, "run", *words)
        while "epoch 5/120" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=90)
    again = shell.train("epochs=120", "state.every=2")
    assert "resume" in again.stdout
    result = shell.call("reproduce", shell.runs()[0].run_id)
    assert result.returncode == 0, result.stdout + result.stderr


def test_recorded_code_runs_only_by_consent(trained: Any) -> None:
    shell, run_id = trained
    refused = shell.call("reproduce", run_id, "--code", "recorded")
    assert refused.returncode == 2
    assert "agree with --run-recorded-code" in refused.stderr


def test_a_dry_run_shows_the_recorded_code_and_runs_nothing(trained: Any) -> None:
    shell, run_id = trained
    before = len(reproductions(shell))
    words = ["--code", "recorded", "--run-recorded-code", "--dry-run"]
    result = shell.call("reproduce", run_id, *words)
    assert result.returncode == 0, result.stderr
    assert "was trained with commit" in result.stdout
    assert len(reproductions(shell)) == before


@pytest.mark.slow
def test_recorded_code_brings_a_run_back(trained: Any) -> None:
    shell, run_id = trained
    result = shell.call("reproduce", run_id, "--code", "recorded", "--run-recorded-code")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "was trained with commit" in result.stdout
    assert "exact" in result.stdout


@pytest.mark.slow
def test_a_run_is_trained_with_its_recorded_packages(
    trained: Any, shell: Any, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published_elsewhere(trained, shell)
    listed = b"hhexp==0.0.1\nlittle==1.0\n"
    sha256 = hashlib.sha256(listed).hexdigest()
    (file.parent / "shared" / f"packages-{sha256}.txt").write_bytes(listed)
    edit(file, lambda run: run["shared"].update({"packages.txt": sha256}))
    # TensorFlow and the others are too large for a test. They stay on the path, and an hhexp that
    # needs none of them is found first, so that the environment has little alone.
    (shell.folder / "hhexp-0.0.1.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: hhexp\nVersion: 0.0.1\n"
    (shell.folder / "hhexp-0.0.1.dist-info" / "METADATA").write_text(metadata)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(shell.folder), *filter(None, sys.path)]))
    words = ["reproduce", file.stem, "--packages", "recorded"]
    refused = shell.call(*words)
    assert (refused.returncode, "agree with --run-recorded" in refused.stderr) == (2, True)
    result = shell.call(*words, "--run-recorded-code")
    assert result.returncode == 0, result.stdout + result.stderr
    made = shell.artifact(reproductions(shell)[0].run_id, "provenance/packages.txt").read_text()
    assert "little==1.0" in made.splitlines()


@pytest.mark.slow
def test_every_engine_and_precision_comes_back_and_so_does_a_sweep(shell: Any) -> None:
    swept = shell.train(
        "-m", "aug=full", "aug.engine=affine,image_data_generator,keras_layers",
        "runtime.precision=float32,mixed_bfloat16", "epochs=1", "runtime.threads=1",
    )  # fmt: skip
    assert swept.returncode == 0, swept.stderr
    runs = shell.runs()
    bits = {
        (run.params["aug.engine"], run.params["runtime.precision"]): json.loads(
            shell.artifact(run.run_id, "provenance/epochs.json").read_text()
        )[-1]["weights"]
        for run in runs
    }
    assert len(set(bits.values())) == 6
    parent_id = runs[0].parent_id
    result = shell.call("reproduce", parent_id)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(" exact: all metrics") == 6

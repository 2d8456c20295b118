"""The command line trains, refuses, goes on and answers, as a person sees it."""

import json
import math
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hhexp.experiment import Outcome
from hhexp.experiment.answers import FILE, read_answers
from hhexp.interface import TrainedRuns
from hhexp.launching.words import join_values
from hhexp.run import conclude, locate
from hhexp.terminal import Terminal
from hhexp.tracking import pages
from hhexp.tracking.models import load_model
from hhexp.tracking.process import is_running
from hhexp.tracking.query import find_recent, find_run, read_last_values
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.state import hash_weights


@pytest.fixture(scope="module")
def swept(new_shell: Callable[[], Any]) -> Any:
    """A folder in which the study's command, on tiny images, has run."""
    shell = new_shell()
    result = shell.train("-m", "aug=none,full", "epochs=1,3", "tracking.label=tiny")
    assert result.returncode == 0, result.stderr
    return shell, result


def test_a_sweep_of_one_seed_says_what_it_cannot_tell(swept: Any) -> None:
    _, result = swept
    table, _, after = result.stdout.partition("One seed cannot tell a difference from chance.")
    assert "Results" in table and "Next steps:" in after


def test_the_store_describes_the_sweep_and_has_a_view_of_its_runs(swept: Any) -> None:
    shell, _ = swept
    (sweep,) = find_recent(shell.store, 1, "sweep")
    assert "| aug=full epochs=3 | [0](#/experiments/1/runs/" in sweep.tags["mlflow.note.content"]
    assert "accuracy in training/aug_none epochs_1 mean of 1 seed" in sweep.metrics
    tags = shell.store.client().get_experiment(sweep.experiment_id).tags
    assert f"mlflow.sharedViewState.hhexp-{sweep.run_id}" in tags
    assert tags["mlflow.note.content"].startswith("Last sweep: Validation accuracy after the last")


def test_the_page_of_a_run_is_named_where_its_store_has_a_server(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrackedRun.start(store, "study", "a run")
    assert locate(store, run.run_id) is None
    monkeypatch.setattr(pages, "locate_server", lambda _: "https://team.example")
    page = f"https://team.example/#/experiments/1/runs/{run.run_id}?workflowType=machine_learning"
    assert locate(store, run.run_id) == page


def test_a_sweep_is_one_parent_run_with_a_run_for_each_combination(swept: Any) -> None:
    shell, _ = swept
    runs = shell.runs()
    assert {(run.params["aug"], run.params["epochs"]) for run in runs} == {
        ("none", "1"), ("none", "3"), ("full", "1"), ("full", "3"),
    }  # fmt: skip
    assert {run.status for run in runs} == {"FINISHED"}
    (parent_id,) = {run.parent_id for run in runs}
    parent = find_run(shell.store, parent_id)
    assert parent.tags["hhexp.kind"] == "sweep"
    assert set(parent.tags["hhexp.runs"].split(",")) == {run.run_id for run in runs}
    assert "aug=none,full" in parent.tags["hhexp.command"]
    assert (shell.folder / "mlruns" / "mlflow.db").is_file()
    assert sorted(path.name for path in shell.folder.iterdir()) == ["mlruns"]


def test_hydras_mode_makes_a_sweep_as_m_does(shell: Any) -> None:
    told = shell.train("hydra.mode=MULTIRUN", "seed=0,1", "epochs=1")
    assert told.returncode == 0, told.stderr
    (parent_id,) = {run.parent_id for run in shell.runs()}
    assert len(shell.runs()) == 2
    assert find_run(shell.store, parent_id).tags["hhexp.kind"] == "sweep"


def test_the_table_names_every_run(swept: Any) -> None:
    shell, result = swept
    table = result.stdout.partition("Results")[2]
    for run in shell.runs():
        assert run.run_id[:8] in table
    assert "tiny" in table
    assert "best: chosen on one half of the validation images and judged on the other" in table
    assert "python -m hhexp.ui" in table


def test_the_classes_and_their_indices_are_said_and_kept(swept: Any) -> None:
    shell, result = swept
    assert "20 training and 20 validation images; classes: moons 0, suns 1" in result.stdout
    classes = shell.artifact(shell.runs()[0].run_id, "classes.json").read_text()
    assert json.loads(classes) == {"moons": 0, "suns": 1}


def test_a_run_keeps_its_metrics_parameters_and_pictures(swept: Any) -> None:
    shell, _ = swept
    run = next(r for r in shell.runs() if r.params["epochs"] == "3" and r.params["aug"] == "full")
    metrics = shell.metrics(run.run_id)
    assert metrics.keys() >= {
        "train/loss", "train/accuracy", "val/loss", "val/accuracy",
        "val/recall/moons", "val/recall/suns", "lr",
        "val/balanced_accuracy", "val/precision", "val/f1", "val/roc_auc", "val/average_precision",
        "val/brier", "val/calibration_error",
    }  # fmt: skip
    assert {len(values) for values in metrics.values()} == {3}
    assert run.params["aug.rotation_range"] == "40.0"
    assert run.params["model.filters"] == "[8, 8]"
    assert run.tags["hhexp.label"] == "tiny"
    for path in (
        "provenance/config.yaml",
        "provenance/overrides.txt",
        "provenance/epochs.json",
        "model_summary.txt",
        "predictions/validation.csv",
        "predictions/validation.npz",
        "figures/learning_curves.png",
        "figures/confusion_matrix.png",
        "figures/roc.png",
        "figures/precision_recall.png",
        "figures/calibration.png",
        "figures/training_images.png",
        "figures/worst_errors.png",
    ):
        assert shell.artifact(run.run_id, path).stat().st_size > 0, path
    inputs = shell.store.client().get_run(run.run_id).inputs.dataset_inputs
    assert {entry.dataset.digest for entry in inputs} == {run.tags["hhexp.data.fingerprint"][:36]}


def test_the_logged_model_loads_and_answers_as_the_run_did(swept: Any) -> None:
    import csv

    import mlflow
    import numpy as np
    from PIL import Image

    shell, _ = swept
    run = shell.runs()[-1]
    shell.store.client()
    model = mlflow.keras.load_model(f"runs:/{run.run_id}/model")
    with shell.artifact(run.run_id, "predictions/validation.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 20
    images = np.stack([np.asarray(Image.open(shell.pictures / row["path"])) for row in rows])
    expected = [float(row["p/suns"]) for row in rows]
    assert model.predict_on_batch(images)[:, 0] == pytest.approx(expected, abs=1e-5)


def test_the_same_command_again_trains_nothing(swept: Any) -> None:
    shell, _ = swept
    before = {run.run_id for run in shell.runs()}
    again = shell.train("-m", "aug=none,full", "epochs=1,3", "tracking.label=tiny")
    assert again.returncode == 0
    assert again.stdout.count("hit: reuses the finished run") == 4
    assert "epoch 1/" not in again.stdout
    assert {run.run_id for run in shell.runs()} == before


def test_a_continued_run_has_the_bits_of_one_trained_alone(swept: Any) -> None:
    shell, result = swept
    assert "aug=full epochs=3: started" in result.stdout
    assert "continues from epoch 1" in result.stdout
    assert "aug=full epochs=3: epoch 1/3" not in result.stdout
    alone = shell.train("aug=full", "epochs=3", "reuse=false")
    assert "epoch 1/3" in alone.stdout
    continued = next(
        run for run in shell.runs() if (run.params["aug"], run.params["epochs"]) == ("full", "3")
    )
    fresh = shell.runs()[-1]
    assert fresh.run_id != continued.run_id
    assert shell.metrics(fresh.run_id) == shell.metrics(continued.run_id)
    hashes = [
        [epoch["weights"] for epoch in json.loads(file.read_text())]
        for file in (
            shell.artifact(run.run_id, "provenance/epochs.json") for run in (fresh, continued)
        )
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == 3


def test_explain_says_what_would_be_done_and_trains_nothing(swept: Any) -> None:
    shell, _ = swept
    before = len(shell.runs())
    told = shell.train(
        "-m", "aug=full", "epochs=1,2,5", "aug.rotation_range=40.0,30.0", "explain=true"
    )
    assert told.returncode == 0
    assert "epochs=1 aug.rotation_range=40.0: hit: reuses the finished run" in told.stdout
    assert "epochs=5 aug.rotation_range=40.0: continue: from the state of run" in told.stdout
    assert "aug.rotation_range 40.0 → 30.0" in told.stdout
    assert len(shell.runs()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["epochs=0"], "epochs=0: must be ≥ 1"),
        (["batch_size=-1"], "batch_size=-1: must be ≥ 1"),
        (["lr.value=abc"], "lr.value=abc: must be a number"),
        (["data.image_size=64"], "images of 64 pixels are too small .* needs 94 or more"),
        (["epoch=3"], "epoch: no such key or group; nearest: epochs"),
        (["--epochs", "5"], "--epochs: no such flag; a key is written as epochs=5"),
        (["agu=none"], "agu: no such key or group; nearest: aug"),
        (["aug=ful"], "aug=ful: no such option; nearest: full"),
        (["aug=none,full"], "several values need a sweep: add -m"),
        (["-m", "epochs=1,0"], "epochs=0: must be ≥ 1"),
        (["data=folder"], "data.root: required but not set; write data.root=…"),
        (["tracking=server"], "tracking.uri: required but not set; write tracking.uri=…"),
        (["data=folder", "data.root=nowhere"], "data.root=nowhere: no such folder"),
        (["model=transfer", "model.weights=none.h5"], "no weights at none.h5"),
        (["tracking.uri=somewhere"], "tracking store somewhere: "),
        (
            ["tracking.uri=mysql://me:secret@host/db"],
            "tracking.uri: contains a password, .* set MLFLOW",
        ),
        (["epochs"], "epochs: not of the form key=value"),
        (["=5"], "=5: there must be a key before the ="),
        (["-m", "epochs=range(1,0)"], r"epochs=range\(1,0\): has no values"),
        (["-m", "seed=glob(*)"], r"seed=glob\(\*\): has no values"),
        (
            ["-m", "epochs=range(1,100000000)"],
            "the limit is 10,000: to raise it, set HHEXP_MAX_RUNS",
        ),
        (["data=folder", "data.root=a,b"], """quotes around one with commas: 'data.root="a,b"'"""),
        (["data=folder", f"data.root={'x' * 5000}"], "x: File name too long"),
        (
            ["data.root=/tmp/a (1)"],
            """data.root: put quotes around the value: 'data.root="/tmp/a .1."'""",
        ),
        (["epochs=${nowhere}"], "Interpolation key 'nowhere' not found"),
        (["modules=[no_such]"], "modules: cannot import 'no_such'"),
        (
            ["objective=val/recall/cats"],
            "val/recall/cats: no such class; the classes are horses, humans",
        ),
        (["runtime.device=gpu"], "TensorFlow finds no GPU"),
        (
            ["-m", "epochs=1,2", "hydra/launcher=joblib"],
            "hydra/launcher=joblib: not a launcher of hhexp; use processes, inline or ray",
        ),
        (["hydra/launcher=basic"], "hydra/launcher=basic: not a launcher of hhexp"),
        (["ray.address=auto"], "only hydra/launcher=ray has such keys: ray.address"),
    ],
)
def test_bad_input_is_one_line_and_status_2_and_leaves_nothing(
    shell: Any, words: list[str], said: str
) -> None:
    import re

    result = shell.call("run", *words)
    assert result.returncode == 2
    (line,) = result.stderr.strip().splitlines()
    assert re.search(said, line), line
    assert list(shell.folder.iterdir()) == []


def test_help_shows_groups_options_and_keys(shell: Any) -> None:
    told = shell.call("run", "--help")
    assert told.returncode == 0
    for word in ("aug=full", "transfer", "horses_or_humans *", "epochs [15]", "--hydra-help"):
        assert word in told.stdout
    composed = shell.call("run", "--cfg", "job", "aug=flip")
    assert "horizontal_flip: true" in composed.stdout


def wait_for(file: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1800):
        if text in file.read_text():
            return
        assert process.poll() is None, file.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{text!r} never came: {file.read_text()}")


def wait_until_gone(process: str) -> None:
    for _ in range(900):
        if not is_running(process):
            return
        time.sleep(0.1)
    raise AssertionError(f"the worker {process} stays")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_under_its_id(shell: Any, number: signal.Signals) -> None:
    words = shell.tiny("epochs=120", "state.every=2", "aug=full")
    log = shell.folder / "log.txt"
    with log.open("wb") as output:
        process = shell.start(output, "run", *words)
        wait_for(log, "epoch 5/120", process)
        process.send_signal(number)
        process.wait(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert [run.status for run in shell.runs()] == ["KILLED"]
    else:  # its worker notices that it is alone, and marks the run
        for _ in range(900):
            if shell.runs()[0].status == "KILLED":
                break
            time.sleep(0.1)
        assert shell.runs()[0].status == "KILLED"
        wait_until_gone(shell.runs()[0].tags["hhexp.process"])
    again = shell.train("epochs=120", "state.every=3", "aug=full", "tracking.label=again")
    assert "resume: run" in again.stdout
    assert "epoch 1/120" not in again.stdout
    (run,) = shell.runs()
    assert run.status == "FINISHED"
    history = shell.store.client().get_metric_history(run.run_id, "val/loss")
    assert [metric.step for metric in history] == list(range(1, 121))
    alone = shell.train("epochs=120", "aug=full", "reuse=false")
    assert alone.returncode == 0
    other = shell.runs()[-1]
    assert shell.metrics(other.run_id) == shell.metrics(run.run_id)
    best = [read_last_values(shell.store, each.run_id)["best/epoch"] for each in (run, other)]
    weights = read_weights(shell, run)[int(best[0]) - 1]
    assert best[0] == best[1]
    assert hash_weights(load_model(shell.store, run.run_id, "best")) == weights
    answers = [shell.artifact(each.run_id, FILE).read_bytes() for each in (run, other)]
    assert np.array_equal(*(read_answers(each, "").probabilities for each in answers))


OWN_MODULE = """
import os
import keras
from hhexp.config.registry import model_builder

def die(x):
    os._exit(9)

@keras.saving.register_keras_serializable()
class Fatal(keras.layers.Layer):
    def call(self, x, training=False):
        import tensorflow as tf
        if not training:
            return x
        y = tf.py_function(die, [x], tf.float32)
        y.set_shape(x.shape)
        return y

    def compute_output_shape(self, shape):
        return shape

@model_builder
def own(input_shape, outputs, *, fault: str):
    x = images = keras.Input(input_shape)
    x = keras.layers.Flatten()(x)
    if fault == "shape":
        outputs = 5
    if fault == "death":
        x = Fatal()(x)
    x = keras.layers.Dense(outputs, activation="sigmoid")(x)
    return keras.Model(images, x)
"""


def test_own_builders_come_from_a_config_folder_and_a_module(shell: Any) -> None:
    (shell.folder / "own_models.py").write_text(OWN_MODULE)
    (shell.folder / "conf" / "model").mkdir(parents=True)
    (shell.folder / "conf" / "model" / "own.yaml").write_text(
        "# My own model.\n\nbuilder: own\nfault: none\n"
    )
    own = ["--config-dir", "conf", "modules=[own_models]", "model=own"]
    data = ["data=folder", f"data.root={shell.pictures}", "epochs=1"]
    result = shell.call("run", "-m", *own, "model.fault=none,shape,death", *data)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    by_fault = {run.params["model.fault"]: run for run in shell.runs()}
    assert {fault: run.status for fault, run in by_fault.items()} == {
        "death": "FAILED", "none": "FINISHED",
    }  # fmt: skip
    assert "process died" in by_fault["death"].tags["hhexp.error"]
    assert "output has the shape 5, but 2 classes need 1" in result.stderr  # before it is trained
    alone = shell.call("run", *own, "model.fault=none", *data, "reuse=false")
    assert alone.returncode == 0
    assert read_weights(shell, shell.runs()[-1]) == read_weights(shell, by_fault["none"])
    assert {line.partition(":")[0] for line in result.stderr.splitlines()} == {
        "FAILED model.fault=death", "FAILED model.fault=shape",
    }  # fmt: skip
    assert find_run(shell.store, by_fault["none"].parent_id).status == "FAILED"
    wrong = shell.call("run", *own, "model.faults=none", *data)
    assert (wrong.returncode, "nearest: model.fault" in wrong.stderr) == (2, True)
    assert "My own model." in shell.call("run", "--help", "--config-dir", "conf").stdout


def test_numbers_do_not_depend_on_company(shell: Any) -> None:
    together = shell.train("-m", "seed=1,2", "epochs=2", "aug=full", "runtime.threads=1")
    assert together.returncode == 0
    in_sweep = {run.params["seed"]: shell.metrics(run.run_id) for run in shell.runs()}
    alone = shell.train("seed=2", "epochs=2", "aug=full", "runtime.threads=1", "reuse=false")
    assert alone.returncode == 0
    assert shell.metrics(shell.runs()[-1].run_id) == in_sweep["2"]
    assert in_sweep["1"] != in_sweep["2"]


SHARING = [
    "-m", "aug=full", "aug.until=1,2,null", "lr=step", "lr.every=2", "lr.factor=1.0,0.5",
    "epochs=2,4", "runtime.threads=1",
]  # fmt: skip


def test_every_branch_of_a_sweep_has_the_bits_of_a_run_trained_alone(shell: Any) -> None:
    shared = shell.train(*SHARING)
    assert shared.returncode == 0, shared.stderr
    assert "36 epochs asked, 15 to train (2.4 times less)" in shared.stdout
    together = {run.name: run for run in shell.runs()}
    starts = re.findall(r"started, run \w+(?:, continues from epoch (\d+))?", shared.stdout)
    assert sum(int(start or 0) for start in starts) == 36 - 15
    apart = shell.train(*SHARING, "reuse=false", "hydra/launcher=inline", "tracking.label=apart")
    assert apart.returncode == 0, apart.stderr
    alone = {run.name: run for run in shell.runs() if run.tags.get("hhexp.label") == "apart"}
    assert len(together) == len(alone) == 12
    for name, run in alone.items():
        assert read_weights(shell, run) == read_weights(shell, together[name])
        assert shell.metrics(run.run_id) == shell.metrics(together[name].run_id)
    again = shell.train(*SHARING)
    assert again.stdout.count("hit: reuses the finished run") == 12


def read_weights(shell: Any, run: Any) -> list[str]:
    file = shell.artifact(run.run_id, "provenance/epochs.json")
    return [epoch["weights"] for epoch in json.loads(file.read_text())]


def test_a_shorter_run_is_answered_from_the_state_of_a_longer_one(shell: Any) -> None:
    first = shell.train("epochs=3", "state.every=1", "state.keep=all")
    assert first.returncode == 0
    told = shell.train("epochs=2")
    assert "continue: from the state of run" in told.stdout
    assert "epoch 2/2" not in told.stdout
    longer, shorter = shell.runs()
    assert read_weights(shell, shorter) == read_weights(shell, longer)[:2]
    assert shell.artifact(shorter.run_id, "figures/confusion_matrix.png").exists()
    assert "epochs 2 → 4" in shell.train("epochs=4", "explain=true", "lr.value=0.5").stdout


def test_a_schedule_of_ones_own_works_as_the_document_says(shell: Any) -> None:
    text = (Path(__file__).parents[1] / "docs/stages.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (option,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (shell.folder / "my_schedules.py").write_text(module)
    (shell.folder / "my_conf" / "lr").mkdir(parents=True)
    (shell.folder / "my_conf" / "lr" / "triangle.yaml").write_text(option)
    own = ["--config-dir", "my_conf", "modules=[my_schedules]", "lr=triangle", "lr.period=3"]
    told = shell.call("run", *own, *shell.tiny("epochs=5"))
    assert told.returncode == 0, told.stderr
    rates = shell.metrics(shell.runs()[0].run_id)["lr"]
    assert rates == pytest.approx([0.0001, 0.0004, 0.0007, 0.001, 0.0007])
    wrong = shell.call("run", *own, *shell.tiny("lr.period=0.5"))
    assert (wrong.returncode, "lr.period=0.5: must be a whole number" in wrong.stderr) == (2, True)
    zero = shell.call("run", *own, *shell.tiny("lr.period=0"))
    assert (zero.returncode, zero.stderr.count("\n")) == (2, 1)
    assert "lr.schedule=triangle: no rates for epoch 1: ZeroDivisionError" in zero.stderr


def test_a_loss_of_ones_own_works_as_the_document_says(shell: Any) -> None:
    text = (Path(__file__).parents[1] / "docs/metrics.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (option,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (shell.folder / "my_losses.py").write_text(module)
    (shell.folder / "my_conf" / "loss").mkdir(parents=True)
    (shell.folder / "my_conf" / "loss" / "focal.yaml").write_text(option)
    own = ["--config-dir", "my_conf", "modules=[my_losses]", "loss=focal"]
    told = shell.call("run", *own, *shell.tiny("epochs=1", "+loss.class_weight=balanced"))
    assert told.returncode == 0, told.stderr
    (run,) = shell.runs()
    assert run.params["loss.gamma"] == "2.0"
    identity = json.loads(shell.artifact(run.run_id, "provenance/identity.json").read_text())
    assert identity["loss.function"] == "focal" and "source my_losses" in identity
    metrics = shell.metrics(run.run_id)
    assert metrics["train/loss"][0] < metrics["val/loss"][0] / 2  # each counts (1 − p)² of its own
    wrong = shell.call("run", *own, *shell.tiny("loss.gamma=much"))
    assert (wrong.returncode, "loss.gamma=much: must be a number" in wrong.stderr) == (2, True)


def test_only_the_newest_state_is_left_where_that_is_asked_for(shell: Any) -> None:
    words = ["-m", "aug=full", "aug.until=2,null", "epochs=4"]
    assert shell.train(*words, "state.keep=newest").returncode == 0
    states = [list_states(run) for run in shell.runs()]
    assert states == [[4], [4]]
    assert shell.train(*words, "seed=1").returncode == 0
    assert sorted(list_states(run) for run in shell.runs()[2:]) == [[2, 4], [4]]


def list_states(run: Any) -> list[int]:
    tags = sorted(name for name in run.tags if name.startswith("hhexp.state."))
    return [int(name.rpartition(".")[2]) for name in tags]


def test_a_failure_is_said_to_the_letter_whatever_its_brackets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    key, error = "modules=[my_models]", "RuntimeError: no primitive [/job:localhost/CPU:0]"
    failed = Outcome(key, None, "FAILED", None, error)
    assert conclude(TrainedRuns(None, (), None, (failed,)), Terminal()) == 2
    assert capsys.readouterr().err == f"FAILED {key}: {error}\n"


def test_a_model_that_is_not_portable_says_so_and_its_run_answers_the_same_command(
    shell: Any,
) -> None:
    (shell.folder / "conf/model").mkdir(parents=True, exist_ok=True)
    (shell.folder / "conf/model/own.yaml").write_text("builder: own\n")
    (shell.folder / "own_models.py").write_text(
        "import keras\nimport tensorflow as tf\nfrom keras import layers\n"
        "from hhexp.config.registry import model_builder\n\n\n"
        "@keras.saving.register_keras_serializable()\n"
        "class Contrast(layers.Layer):\n    def call(self, x):\n"
        "        return tf.nn.local_response_normalization(x, beta=0.5)\n\n\n"
        "@model_builder\ndef own(input_shape, outputs):\n"
        '    row = [Contrast(name="contrast"), layers.Flatten()]\n'
        '    row += [layers.Dense(outputs, activation="sigmoid")]\n'
        "    return keras.Sequential([keras.Input(input_shape), *row])\n"
    )
    words = ["--config-dir", "conf", "modules=[own_models]", "model=own", "epochs=1"]
    words += ["data=folder", f"data.root={shell.pictures}"]
    assert shell.call("run", *words).returncode == 0
    (run,) = shell.runs()
    assert run.tags["hhexp.portability"].startswith("this vendor only, because of contrast: LRN")
    assert "portability" in json.loads(run.tags["hhexp.identity"])
    said = json.loads(shell.artifact(run.run_id, "provenance/portability.json").read_text())
    assert said["portable"] is False
    again = shell.call("run", *words)
    assert "reused a finished run" in again.stdout
    assert len(shell.runs()) == 1
    picture = str(next(shell.pictures.rglob("*.png")))
    unnamed = shell.call("predict", run.run_id, picture)
    assert (unnamed.returncode, unnamed.stderr.count("\n")) == (2, 1)
    assert "give --modules own_models" in unnamed.stderr
    asked = shell.call("predict", run.run_id, picture, "--modules", "own_models")
    assert asked.returncode == 0, asked.stderr
    expected = shell.call("reproduce", run.run_id, "--modules", "own_models", "--dry-run")
    assert "the CPU is of the same vendor: the numbers should come back exactly" in expected.stdout


@pytest.mark.slow
def test_classes_of_any_name_train_to_the_end_each_with_its_own_numbers(shell: Any) -> None:
    names = ["c++", "c##", "$\\frac$", "=cmd", "\x1b[2J", "x" * 250]
    root = shell.folder / "odd"
    for split in ("train", "validation"):
        for number, name in enumerate(names):
            (root / split / name).mkdir(parents=True)
            for image in range(2):
                picture = Image.new("RGB", (16, 16), (40 * number, 100 * image, 0))
                picture.save(root / split / name / f"{image}.png")
    words = shell.tiny(f"data.root={root}", "epochs=1", 'objective="val/recall/c##"')
    done = shell.call("run", *words)
    assert done.returncode == 0, done.stderr
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)
    (run,) = shell.runs()
    recalls = [name for name in shell.metrics(run.run_id) if name.startswith("val/recall/")]
    assert len(recalls) == len(names)


def test_a_flag_s_value_may_have_an_equals_sign_in_it() -> None:
    words = ["epochs=1", "--config-dir", "conf=v2", "-cn", "a=b", "-m", "seed=1"]
    assert join_values(words) == ["epochs=1", "--config-dir=conf=v2", "-cn=a=b", "-m", "seed=1"]


def test_a_folder_of_classes_is_cut_checked_and_tested_once(shell: Any) -> None:
    root = shell.folder / "shapes"
    shutil.copytree(shell.pictures / "train", root)
    shutil.copy(root / "moons/moons03.png", root / "suns/wrong.png")
    (root / "suns/notes.txt").write_text("no image")
    words = [f"data.root={root}", "data.validation_share=0.3", "data.test_share=0.2", "epochs=2"]
    refused = shell.train(*words)
    assert refused.returncode == 2 and "notes.txt: not an image" in refused.stderr
    trained = shell.train(*words, "data.skip_bad=true")
    assert trained.returncode == 0, trained.stderr
    assert "11 training, 6 validation and 4 test images" in trained.stdout
    assert "moons03.png = " in trained.stdout and "suns/wrong.png" in trained.stdout
    (run,) = shell.runs()
    metrics = shell.metrics(run.run_id)
    names = ("accuracy", "loss", "recall/moons", "recall/suns", "f1")
    for name in (f"{split}/{name}" for split in ("test", "test/best") for name in names):
        first, last = metrics[name]
        assert math.isnan(first) and math.isfinite(last)  # after the last epoch alone
    checks = json.loads(shell.artifact(run.run_id, "provenance/data_checks.json").read_text())
    assert len(checks["skipped"]) == 1
    assert any(each["text"].startswith("the same picture under two") for each in checks["findings"])
    again = shell.train(*words, "data.skip_bad=true")
    assert "reused a finished run" in again.stdout

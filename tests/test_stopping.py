"""The best epoch's model is kept, and a training that no longer gets better stops; both exactly."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hhexp.tracking.models import load_model
from hhexp.training.state import hash_weights

STILL = ["objective=val/loss", "lr.value=1e-30", "epochs=9"]
"""Weights that move by nothing that a loss can show: the first epoch is the best."""


@pytest.fixture(scope="module")
def stopped(new_shell: Callable[[], Any]) -> Any:
    """A folder with a run that has stopped early, and what was said of it."""
    shell = new_shell()
    told = shell.train(*STILL, "stopping.patience=2")
    assert told.returncode == 0, told.stderr
    return shell, told


def read_epochs(shell: Any, run: Any) -> Any:
    return json.loads(shell.artifact(run.run_id, "provenance/epochs.json").read_text())


def check_models(shell: Any, run: Any, best: int) -> None:
    """The two models have the weights that the record has of their epochs."""
    weights = [epoch["weights"] for epoch in read_epochs(shell, run)]
    assert len(set(weights)) == len(weights)
    assert hash_weights(load_model(shell.store, run.run_id, "best")) == weights[best - 1]
    assert hash_weights(load_model(shell.store, run.run_id, "last")) == weights[-1]
    metrics = shell.store.client().get_run(run.run_id).data.metrics
    assert metrics["best/epoch"] == best
    assert metrics["best/val/loss"] == read_epochs(shell, run)[best - 1]["metrics"]["val/loss"]


WHY = "stopped after epoch 3: val/loss was not better than after epoch 1 for 2 epochs"


def test_a_training_stops_says_so_and_keeps_both_models(stopped: Any) -> None:
    shell, told = stopped
    run = shell.runs()[0]
    assert WHY in told.stdout
    assert run.tags["hhexp.stopped"] == WHY
    assert run.status == "FINISHED"
    assert len(read_epochs(shell, run)) == len(shell.metrics(run.run_id)["val/loss"]) == 3
    check_models(shell, run, best=1)


def test_the_same_command_again_is_a_hit(stopped: Any) -> None:
    shell, _ = stopped
    before = len(shell.runs())
    told = shell.train(*STILL, "stopping.patience=2")
    assert f"reused a finished run; {WHY}" in told.stdout
    assert len(shell.runs()) == before


def test_what_would_stop_earlier_is_foreseen(stopped: Any) -> None:
    shell, _ = stopped
    told = shell.train(*STILL, "stopping.patience=1", "explain=true").stdout
    assert "train: from scratch; it will stop after epoch 2, as epochs in the store show" in told


def test_it_comes_back_exactly(stopped: Any) -> None:
    shell, _ = stopped
    told = shell.call("reproduce", shell.runs()[0].run_id)
    assert "exact: all metrics of 3 epochs and the weights are the same" in told.stdout, told.stderr


def test_the_report_says_what_stopped_and_predict_takes_either_model(stopped: Any) -> None:
    shell, _ = stopped
    run = shell.runs()[0]
    told = shell.call("report", run.run_id, "--output", "report")
    assert told.returncode == 0, told.stderr
    assert WHY in next((shell.folder / "report").rglob("*.md")).read_text()
    picture = next(shell.pictures.rglob("*.png"))
    told = shell.call("predict", run.run_id, str(picture), "--epoch", "best")
    assert told.returncode == 0 and "best epoch" in told.stdout, told.stderr


def test_more_patience_goes_on_from_where_it_stopped(stopped: Any) -> None:
    shell, _ = stopped
    before = len(shell.runs())
    told = shell.train(*STILL, "stopping.patience=4")
    assert "continue: from the state of run" in told.stdout and "epoch 3/9" not in told.stdout
    run = shell.runs()[before]
    assert "stopped after epoch 5" in run.tags["hhexp.stopped"]
    check_models(shell, run, best=1)  # whose weights came with the state


def test_runs_of_a_sweep_that_differ_in_patience_train_no_epoch_twice(shell: Any) -> None:
    told = shell.train("-m", *STILL[:2], "epochs=4", "stopping.patience=null,1")
    assert told.returncode == 0, told.stderr
    early, late = sorted(shell.runs(), key=lambda run: "hhexp.stopped" not in run.tags)
    assert "continues from epoch 2" in told.stdout or "from the state" in late.tags["hhexp.plan"]
    for run, epochs in ((early, 2), (late, 4)):
        assert len(read_epochs(shell, run)) == epochs
        check_models(shell, run, best=1)


def test_another_objective_finds_its_own_best_model(shell: Any) -> None:
    assert shell.train(*STILL[:2], "epochs=2").returncode == 0
    told = shell.train("objective=lr", *STILL[1:2])
    assert "objective=lr: must be train/loss, " in told.stderr
    told = shell.train("objective=val/brier", *STILL[1:2], "epochs=3")
    assert told.returncode == 0, told.stderr
    run = shell.runs()[-1]
    assert "after epoch 2" in run.tags["hhexp.plan"]  # the first epoch is the best of both
    assert shell.store.client().get_run(run.run_id).data.metrics["best/epoch"] == 1

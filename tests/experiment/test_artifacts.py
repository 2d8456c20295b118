"""What an interrupted run has logged of its results is not there twice after."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from hhexp.experiment import artifacts
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.state import PastEpoch


class Anything:
    """Has every attribute, and each is itself."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __getitem__(self, key: object) -> "Anything":
        return self


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("draw_learning_curves", "draw_confusion_matrix", "draw_worst_errors"):
        monkeypatch.setattr(artifacts, name, lambda *_: Figure())
    monkeypatch.setattr(artifacts, "draw_training_images", lambda _: Figure())
    monkeypatch.setattr(artifacts, "tabulate_predictions", lambda *_: "path,true,predicted\n")


@pytest.mark.usefixtures("no_pictures")
def test_results_that_are_logged_twice_are_there_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrackedRun, "log_model", lambda *_: None)  # which has a test of its own
    tracked = TrackedRun.start(store, "study", "epochs=1")
    something: Any = Anything()
    for _ in range(2):
        past = [PastEpoch({"val/loss": 0.5}, "0" * 64)]
        views = {"val_half/accuracy": 0.75}
        artifacts.log_results(tracked, artifacts.Results(something, past, something, views))
    history = store.client().get_metric_history(tracked.run_id, "val_half/accuracy")
    assert [metric.step for metric in history] == [1]


@pytest.mark.usefixtures("no_pictures")
def test_a_picture_that_fails_is_said_and_the_others_are_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Figure:
        raise MemoryError("no room for\nthe matrix")

    monkeypatch.setattr(artifacts, "draw_confusion_matrix", fail)
    tracked = TrackedRun.start(store, "study", "epochs=1")
    something: Any = Anything()
    past = [PastEpoch({"val/loss": 0.5}, "0" * 64)]
    (line,) = artifacts.log_pictures(tracked, artifacts.Results(something, past, something, {}))
    assert line == "figures/confusion_matrix.png was not made: MemoryError: no room for the matrix"
    assert read_text(store, tracked.run_id, "figures/confusion_matrix.txt") == f"{line}\n"
    listed = store.client().list_artifacts(tracked.run_id, "figures")
    assert {Path(entry.path).stem for entry in listed if entry.path.endswith(".png")} == {
        "learning_curves", "training_images", "worst_errors",
    }  # fmt: skip

"""What an interrupted run has logged of its results is not there twice after."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from hhexp.data import Dataset, FileEntry, Split
from hhexp.experiment import artifacts
from hhexp.provenance import collect
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.manifests import add_manifest
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation
from hhexp.training.state import PastEpoch


class Anything:
    """Has every attribute, and each is itself."""

    def __getattr__(self, name: str) -> "Anything":
        return self

    def __getitem__(self, key: object) -> "Anything":
        return self


COURSE: Any = SimpleNamespace(past=[PastEpoch({"val/loss": 0.5}, "0" * 64)], best=None)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("draw_learning_curves", "draw_confusion_matrix", "draw_worst_errors"),
        *("draw_roc", "draw_precision_recall", "draw_calibration"),
    ):
        monkeypatch.setattr(artifacts, name, lambda *_: Figure())
    monkeypatch.setattr(artifacts, "score", lambda _: {"f1": 0.5})
    monkeypatch.setattr(artifacts, "score_by_class", lambda *_: {"f1/x": 0.5})
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
        ends = {"val_half/accuracy": 0.75}
        artifacts.log_results(tracked, artifacts.Results(something, COURSE, something, None, ends))
    for name in ("val_half/accuracy", "val/f1/x"):
        history = store.client().get_metric_history(tracked.run_id, name)
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
    (line,) = artifacts.log_pictures(
        tracked, artifacts.Results(something, COURSE, something, None, {})
    )
    assert line == "figures/confusion_matrix.png was not made: MemoryError: no room for the matrix"
    assert read_text(store, tracked.run_id, "figures/confusion_matrix.txt") == f"{line}\n"
    listed = store.client().list_artifacts(tracked.run_id, "figures")
    assert {Path(entry.path).stem for entry in listed if entry.path.endswith(".png")} == {
        "calibration", "learning_curves", "precision_recall", "roc", "training_images",
        "worst_errors",
    }  # fmt: skip


@pytest.fixture
def dataset() -> Dataset:
    images, labels = np.zeros((2, 8, 8, 3), np.uint8), np.array([0, 1])
    splits = {
        name: Split(images, labels, (f"{name}/x/a.png", f"{name}/y/b.png"))
        for name in ("train", "validation", "test")
    }
    files = {
        name: tuple(FileEntry(path, 9, "ab" * 32) for path in split.paths)
        for name, split in splits.items()
    }
    return Dataset(
        *("drawn", ("x", "y"), splits["train"], splits["validation"], "f" * 64),
        *((*files["train"], *files["validation"]), splits["test"], "e" * 64, files["test"]),
    )


def test_the_test_images_are_judged_once_where_there_are_some(dataset: Dataset) -> None:
    def evaluate(images: np.ndarray, labels: np.ndarray) -> Evaluation:
        assert dataset.test is not None and images is dataset.test.images
        return Evaluation(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0.25, 0.75]), labels)

    training: Any = SimpleNamespace(dataset=dataset, evaluate=evaluate)
    measured = artifacts.measure_test(training, artifacts.answer_test(training))
    known = {
        "test/loss": 0.5, "test/accuracy": 0.5, "test/recall/x": 1.0, "test/recall/y": 0.0,
        "test/balanced_accuracy": 0.5, "test/roc_auc": 1.0, "test/precision/x": 0.5,
    }  # fmt: skip
    assert {name: measured[name] for name in known} == known
    training.dataset = dataclasses.replace(dataset, test=None)
    assert artifacts.measure_test(training, artifacts.answer_test(training)) == {}


def test_the_files_of_a_large_data_set_are_listed_once_for_all_runs(
    store: Store, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config: Any = SimpleNamespace(tracking=SimpleNamespace(experiment="study"))
    assert artifacts.point_to_lists(store, config, dataset) is None
    monkeypatch.setattr(artifacts, "LISTED", 5)
    lists = [artifacts.point_to_lists(store, config, dataset) for _ in range(2)]
    assert lists[0] == lists[1]
    texts = collect(modules=[], dataset=dataset, device="cpu", isa="native", lists=lists[0])
    pointing = texts["provenance/data.json"]
    assert "train/x/a.png" not in pointing and json.loads(pointing)["counts"]["test"]["x"] == 1
    whole = collect(modules=[], dataset=dataset, device="cpu", isa="native")
    assert json.loads(add_manifest(store, pointing)) == json.loads(whole["provenance/data.json"])

"""ROC and calibration, from answers that are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hhexp.analysis.report.certainty import Last, draw_certainty, measure_bins, trace_roc
from hhexp.analysis.selection import select
from hhexp.experiment.answers import FILE, TEST_FILE, pack_answers
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

CLASSES = ("horses", "humans")


def last(second: list[float], labels: list[int]) -> Last:
    """Answers to images of two classes: the probabilities of the second."""
    return Last(np.array([[1 - p, p] for p in second], np.float32), np.array(labels))


def test_a_model_that_ranks_all_images_right_has_the_whole_area() -> None:
    perfect = trace_roc(last([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]))
    assert perfect[1:].min() == 1
    assert np.isnan(trace_roc(last([0.1, 0.2], [0, 0]))).all()


def test_of_three_classes_the_curve_is_the_mean_of_each_against_the_others() -> None:
    answers = Last(np.eye(3, dtype=np.float32)[[0, 1, 1]], np.array([0, 1, 2]))
    assert trace_roc(answers)[50] == pytest.approx((1 + 1 + 0.5) / 3)


def test_bins_hold_confidence_and_the_share_that_is_right_over_all_seeds() -> None:
    runs = [last([0.95, 0.05], [1, 1]), last([0.55, 0.92], [1, 1])]
    assert measure_bins(runs) == [
        {"x": 0.55, "v": 1.0, "n": 1},
        {"x": 0.94, "v": pytest.approx(2 / 3, abs=1e-4), "n": 3},
    ]


def test_the_test_images_come_before_the_validation_images(store: Store, tmp_path: Path) -> None:
    run = TrackedRun.start(store, "study", "seed=0", None, {"hhexp.kind": "run"})
    run.log_params({"seed": 0})
    run.log_epoch(1, {"val/accuracy": 0.5})
    probabilities = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    run.log_content(pack_answers(probabilities, np.array([0, 1]), CLASSES), FILE)
    run.finish("FINISHED", None)
    results = select(store, run.run_id)
    charts = draw_certainty(results, results.cells)
    assert charts["roc"].caption.startswith("ROC on the validation images")
    TrackedRun.resume(store, run.run_id).log_content(
        pack_answers(probabilities, np.array([0, 1]), CLASSES), TEST_FILE
    )
    charts = draw_certainty(replace(results), results.cells)
    assert charts["roc"].caption.startswith("ROC on the test images")
    assert charts["roc"].spec["datasets"]["curves"][0]["c"] == "all runs, AUC 1.000"
    assert len(charts["calibration"].spec["datasets"]["curves"]) == 2

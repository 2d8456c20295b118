"""What is said of a metric's history."""

import math

import pytest

from hhexp.analysis.measures import STATISTICS, best_epoch, measure

HISTORY = {
    "train/accuracy": [0.5, 0.9, 1.0, 1.0, 1.0, 1.0],
    "train/loss": [0.7, 0.5, 0.1, 0.1, 0.1, 0.1],
    "val/accuracy": [0.5, 0.9, 0.8, 0.9, 0.7, 0.8],
    "val/loss": [0.7, 0.4, 0.6, 0.5, 0.9, 1.0],
    "time/epoch_s": [30.0, 10.0, 10.0, 11.0, 10.0, 10.0],
}


@pytest.mark.parametrize(
    ("metric", "statistic", "expected"),
    [
        ("val/accuracy", "last", 0.8),
        ("val/accuracy", "best", 0.9),
        ("val/loss", "best", 0.4),  # at epoch 2, the first of the highest accuracy
        ("val/loss", "mean_last_5", 0.68),
        ("val/accuracy", "swing", (0.4 + 0.1 + 0.1 + 0.2 + 0.1) / 5),
        ("val/accuracy", "gap", 0.98 - 0.82),
        ("val/loss", "gap", 0.68 - 0.18),
        ("time/epoch_s", "median", 10.0),
        ("time/epoch_s", "total", 81.0),
    ],
)
def test_each_statistic(metric: str, statistic: str, expected: float) -> None:
    assert measure(HISTORY, metric, statistic) == pytest.approx(expected)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_what_a_run_lacks_is_nan(statistic: str) -> None:
    assert math.isnan(measure({}, "val/accuracy", statistic))
    assert math.isnan(measure({"val/accuracy": [math.nan]}, "val/accuracy", statistic))


def test_missing_epochs_are_passed_over() -> None:
    history = {"val/accuracy": [math.nan, 0.7, 0.9, math.nan]}
    assert best_epoch(history) == 3
    assert measure(history, "val/accuracy", "last") == 0.9
    assert measure(history, "val/accuracy", "mean_last_5") == pytest.approx(0.8)


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(ValueError, match="no statistic 'first'"):
        measure(HISTORY, "val/accuracy", "first")

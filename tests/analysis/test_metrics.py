"""What is said of a metric's history."""

import math

import pytest

from hhexp.analysis.metrics import STATISTICS, best_epoch, diverged_at, measure

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


@pytest.mark.parametrize("lost", [math.nan, math.inf, 1.7976931348623157e308])
def test_a_run_that_diverged_has_no_last_epoch_but_a_best(lost: float) -> None:
    history = {"val/accuracy": [0.6, 0.7, lost, lost], "train/accuracy": [0.5, 0.6, 0.7, 0.8]}
    assert best_epoch(history) == 2
    assert measure(history, "val/accuracy", "best") == 0.7
    for statistic in ("last", "mean_last_5", "swing", "gap", "median", "total"):
        assert math.isnan(measure(history, "val/accuracy", statistic)), statistic
    assert diverged_at(history) == 3
    assert diverged_at({"val/accuracy": [0.6, 0.7]}) is None


def test_a_view_that_is_logged_at_the_last_epoch_alone_has_a_last() -> None:
    history = {"val_close_up/accuracy": [math.nan, math.nan, 0.7], "val/loss": [1.0, 1.0, 1.0]}
    assert measure(history, "val_close_up/accuracy", "last") == 0.7
    assert diverged_at(history) is None


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(ValueError, match="no statistic 'first'"):
        measure(HISTORY, "val/accuracy", "first")

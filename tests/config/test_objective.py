"""Each metric that an epoch is chosen by has a direction; the first of equal epochs is the best."""

import math
import re

import pytest

from hhexp.config.objective import NAMES, PATTERN, find_best, find_stop, is_minimised

NAN, INF = math.nan, math.inf
LOWER = {"train/loss", "val/loss", "val/brier", "val/calibration_error", "time/epoch_s"}


@pytest.mark.parametrize("name", [*NAMES, "val/recall/loss"])
def test_losses_errors_and_time_are_minimised(name: str) -> None:
    assert re.match(PATTERN, name)
    assert is_minimised(name) is (name in LOWER)


@pytest.mark.parametrize(
    "name", ["val/f1/cats", "test/accuracy", "val/losses", "val/recall/", "lr"]
)
def test_what_no_epoch_has_cannot_choose_one(name: str) -> None:
    assert not re.match(PATTERN, name)


@pytest.mark.parametrize(
    ("values", "accuracy", "loss"),
    [
        ([0.5, 0.7, 0.6, 0.7], 2, 1),
        ([0.5, 0.5], 1, 1),
        ([NAN, 0.2, NAN], 2, 2),
        ([0.1, INF], 2, 1),
        ([INF, 0.1], 1, 2),
        ([NAN, NAN], None, None),
        ([], None, None),
    ],
)
def test_the_first_of_equal_epochs_is_the_best(
    values: list[float], accuracy: int | None, loss: int | None
) -> None:
    assert find_best(values, "val/accuracy") == accuracy
    assert find_best(values, "val/loss") == loss


@pytest.mark.parametrize(
    ("values", "patience", "stop"),
    [
        ([0.5, 0.7, 0.6, 0.7, 0.8], 2, 4),
        ([0.5, 0.7, 0.6, 0.7, 0.8], 3, None),
        ([0.5, 0.4], 1, 2),
        ([0.5, 0.6, 0.7], 1, None),
        ([NAN, NAN, 0.9], 2, 2),
        ([0.5, NAN, 0.6], 2, None),
        ([0.5, 0.4, 0.3, 0.2], None, None),
    ],
)
def test_a_training_stops_after_epochs_without_a_better_value(
    values: list[float], patience: int | None, stop: int | None
) -> None:
    assert find_stop(values, "val/accuracy", patience) == stop
    falling = [-value for value in values]
    assert find_stop(falling, "val/loss", patience) == stop

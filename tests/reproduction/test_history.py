"""A history on record is read only if it is whole."""

import math
from typing import Any

import pytest

from hhexp.reproduction.history import read_history
from hhexp.training.state import PastEpoch


def history(*losses: float) -> list[dict[str, Any]]:
    return [
        {"epoch": n, "metrics": {"val/loss": loss, "lr": 0.1}, "weights": "a" * 64}
        for n, loss in enumerate(losses, start=1)
    ]


def test_a_whole_history_is_read_to_the_last_bit() -> None:
    assert read_history(history(0.1 + 0.2, math.inf)) == [
        PastEpoch({"val/loss": 0.1 + 0.2, "lr": 0.1}, "a" * 64),
        PastEpoch({"val/loss": math.inf, "lr": 0.1}, "a" * 64),
    ]
    (nan,) = read_history(history(math.nan))
    assert math.isnan(nan.metrics["val/loss"])


def test_a_whole_number_becomes_a_float() -> None:
    (epoch,) = read_history(history(0))
    assert isinstance(epoch.metrics["val/loss"], float)


@pytest.mark.parametrize("entries", [None, {}, "x", 1])
def test_what_is_not_a_list_is_refused(entries: Any) -> None:
    with pytest.raises(ValueError, match=r"^must be a list$"):
        read_history(entries)


def test_epochs_in_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="epoch 2 is where epoch 1 should be"):
        read_history(history(0.5, 0.4)[::-1])


def test_a_metric_that_is_not_in_every_epoch_is_named() -> None:
    for number in (0, 1):
        edited = history(0.5, 0.4)
        del edited[number]["metrics"]["val/loss"]
        with pytest.raises(ValueError, match="only one of the epochs 1 and 2 has 'val/loss'"):
            read_history(edited)


@pytest.mark.parametrize("value", ["0.5", None, True, [], {}])
def test_a_metric_that_is_not_a_number_is_named(value: Any) -> None:
    edited = history(0.5, 0.4)
    edited[1]["metrics"]["val/loss"] = value
    with pytest.raises(ValueError, match=r"^epoch 2: metrics, val/loss: must be a number$"):
        read_history(edited)


@pytest.mark.parametrize("weights", ["", "a" * 63, "g" * 64, "a" * 64 + "\n", None])
def test_a_hash_that_is_none_is_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match=r"^epoch 1: weights: must be a"):
        read_history([{**history(0.5)[0], "weights": weights}])


@pytest.mark.parametrize("entry", [None, 1, "x", []])
def test_an_epoch_that_is_not_a_mapping_is_refused(entry: Any) -> None:
    with pytest.raises(ValueError, match=r"^epoch 1: must be a mapping$"):
        read_history([entry])

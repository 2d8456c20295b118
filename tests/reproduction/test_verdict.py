"""A verdict says whether every number came back, and which did not."""

import math

import pytest

from hhexp.reproduction.verdict import compare_histories, default_tolerance, find_ranges
from hhexp.training.state import PastEpoch


def past(*losses: float, weights: str = "w", seconds: float = 1.0) -> list[PastEpoch]:
    return [
        PastEpoch({"val/loss": loss, "time/epoch_s": seconds}, f"{weights}{number}")
        for number, loss in enumerate(losses)
    ]


def test_the_same_bits_are_exact_whatever_the_seconds() -> None:
    verdict = compare_histories(past(0.5, 0.4), past(0.5, 0.4, seconds=9.0), {})
    assert (verdict.kind, verdict.status, verdict.first) == ("exact", 0, None)
    assert compare_histories(past(math.nan), past(math.nan), {}).kind == "exact"


def test_the_last_bit_counts() -> None:
    verdict = compare_histories(past(0.5, 0.4), past(math.nextafter(0.5, 1), 0.4), {})
    assert (verdict.kind, verdict.status) == ("within tolerance", 3)
    assert "epoch 1, val/loss" in str(verdict)


def test_other_weights_alone_are_not_exact() -> None:
    verdict = compare_histories(past(0.5), past(0.5, weights="v"), {})
    assert verdict.kind == "within tolerance"
    assert "epoch 1, weights" in str(verdict)


def test_outside_the_tolerance_it_diverged_and_says_where_first_and_by_how_much() -> None:
    verdict = compare_histories(past(0.5, 0.4, 0.3), past(0.5, 0.41, 0.4), {"val/loss": 0.05})
    assert (verdict.kind, verdict.status) == ("diverged", 4)
    assert verdict.first is not None
    assert (verdict.first.epoch, verdict.first.metric) == (2, "val/loss")
    assert "(by +0.1)" in str(verdict.beyond[0])
    assert compare_histories(past(0.5), past(math.nan), {}).kind == "diverged"


def test_a_shorter_or_a_longer_history_is_not_compared() -> None:
    for recorded, found in ((past(), past(0.5)), (past(0.5), past(0.5, 0.4)), (past(0.5), past())):
        with pytest.raises(ValueError, match="zip"):
            compare_histories(recorded, found, {})


def test_a_metric_that_only_one_of_them_has_did_not_come_back() -> None:
    more = [PastEpoch({**past(0.5)[0].metrics, "val/accuracy": math.nan}, "w0")]
    gone, new = compare_histories(more, past(0.5), {}), compare_histories(past(0.5), more, {})
    assert gone.kind == new.kind == "diverged"
    assert str(gone.first) == "epoch 1, val/accuracy: nan → not there"
    assert str(new.first) == "epoch 1, val/accuracy: not there → nan"


def test_a_whole_number_is_judged_like_any_other() -> None:
    assert compare_histories([PastEpoch({"val/loss": 0}, "w0")], past(0.6), {}).kind == "diverged"


def test_the_spread_over_seeds_needs_two() -> None:
    assert find_ranges(past(0.5)) == {}
    assert find_ranges([*past(0.5), *past(0.9)])["val/loss"] == 0.4
    assert default_tolerance("val/accuracy") < default_tolerance("val/loss")

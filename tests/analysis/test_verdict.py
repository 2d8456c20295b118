"""A verdict says whether every number came back, and which did not."""

import math

from hhexp.analysis.verdict import judge, spread, tolerance
from hhexp.training.state import PastEpoch


def past(*losses: float, weights: str = "w", seconds: float = 1.0) -> list[PastEpoch]:
    return [
        PastEpoch({"val/loss": loss, "time/epoch_s": seconds}, f"{weights}{number}")
        for number, loss in enumerate(losses)
    ]


def test_the_same_bits_are_exact_whatever_the_seconds() -> None:
    verdict = judge(past(0.5, 0.4), past(0.5, 0.4, seconds=9.0), {})
    assert (verdict.kind, verdict.status, verdict.first) == ("exact", 0, None)
    assert judge(past(math.nan), past(math.nan), {}).kind == "exact"


def test_the_last_bit_counts() -> None:
    verdict = judge(past(0.5, 0.4), past(math.nextafter(0.5, 1), 0.4), {})
    assert (verdict.kind, verdict.status) == ("within tolerance", 3)
    assert "epoch 1, val/loss" in str(verdict)


def test_other_weights_alone_are_not_exact() -> None:
    verdict = judge(past(0.5), past(0.5, weights="v"), {})
    assert verdict.kind == "within tolerance"
    assert "epoch 1, weights" in str(verdict)


def test_outside_the_tolerance_it_diverged_and_says_where_first_and_by_how_much() -> None:
    verdict = judge(past(0.5, 0.4, 0.3), past(0.5, 0.41, 0.4), {"val/loss": 0.05})
    assert (verdict.kind, verdict.status) == ("diverged", 4)
    assert verdict.first is not None
    assert (verdict.first.epoch, verdict.first.metric) == (2, "val/loss")
    assert "(by +0.1)" in str(verdict.beyond[0])
    assert judge(past(0.5), past(math.nan), {}).kind == "diverged"


def test_the_first_epochs_can_be_checked_alone() -> None:
    verdict = judge(past(0.5, 0.4, 0.3), past(0.5), {})
    assert (verdict.kind, verdict.epochs) == ("exact", 1)


def test_the_spread_over_seeds_needs_two() -> None:
    assert spread(past(0.5)) == {}
    assert spread([*past(0.5), *past(0.9)])["val/loss"] == 0.4
    assert tolerance("val/accuracy") < tolerance("val/loss")

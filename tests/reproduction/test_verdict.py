"""A verdict says whether every number came back, and which did not."""

import dataclasses
import math

from hhexp.reproduction.tolerance import Tolerance, accept
from hhexp.reproduction.verdict import Verdict, compare_histories, find_first_deviation
from hhexp.training.state import PastEpoch


def past(*losses: float, weights: str = "w", seconds: float = 1.0) -> list[PastEpoch]:
    return [
        PastEpoch({"val/loss": loss, "time/epoch_s": seconds}, f"{weights}{number}")
        for number, loss in enumerate(losses)
    ]


def compare(recorded: list[PastEpoch], found: list[PastEpoch], slack: float = 0.5) -> Verdict:
    tolerance = accept(recorded[-1], slack) if recorded else Tolerance("none", {})
    return compare_histories(recorded, found, tolerance)


def test_the_same_bits_are_exact_whatever_the_seconds() -> None:
    verdict = compare(past(0.5, 0.4), past(0.5, 0.4, seconds=9.0))
    assert (verdict.kind, verdict.status, verdict.first) == ("exact", 0, None)
    assert compare(past(math.nan), past(math.nan)).kind == "exact"


def test_the_last_bit_counts() -> None:
    verdict = compare(past(0.5, 0.4), past(math.nextafter(0.5, 1), 0.4))
    assert (verdict.kind, verdict.status) == ("within tolerance", 3)
    assert "epoch 1, val/loss" in str(verdict)


def test_other_weights_alone_are_not_exact() -> None:
    verdict = compare(past(0.5), past(0.5, weights="v"))
    assert verdict.kind == "within tolerance"
    assert "epoch 1, weights" in str(verdict)


def test_outside_the_tolerance_it_diverged_and_says_where_first_and_by_how_much() -> None:
    verdict = compare(past(0.5, 0.4, 0.3), past(0.5, 0.41, 0.4), slack=0.05)
    assert (verdict.kind, verdict.status) == ("diverged", 4)
    assert verdict.first is not None
    assert (verdict.first.epoch, verdict.first.metric) == (2, "val/loss")
    assert "(by +0.1)" in str(verdict.beyond[0])
    assert compare(past(0.5), past(math.nan)).kind == "diverged"


def test_a_training_that_ends_at_another_epoch_with_the_same_numbers_has_diverged() -> None:
    for recorded, found in ((past(0.5), past(0.5, 0.4)), (past(0.5, 0.4), past(0.5))):
        verdict = compare(recorded, found)
        ends = f"epoch {len(recorded)} → epoch {len(found)}"
        assert (verdict.kind, verdict.epochs) == ("diverged", 1)
        assert f"end of the training: {ends}" in str(verdict)


def test_one_that_stops_elsewhere_with_other_numbers_is_judged_at_their_last_common_epoch() -> None:
    near, far = past(0.5, 0.41, 0.3), past(0.5, 0.9, 0.3)
    tolerance = accept(past(0.5, 0.4)[-1], 0.05)
    assert compare_histories(past(0.5, 0.4), near, tolerance).kind == "within tolerance"
    assert compare_histories(past(0.5, 0.4), far, tolerance).kind == "diverged"


def test_a_metric_that_only_one_of_them_has_did_not_come_back() -> None:
    more = [PastEpoch({**past(0.5)[0].metrics, "val/accuracy": math.nan}, "w0")]
    gone, new = compare(more, past(0.5)), compare(past(0.5), more)
    assert gone.kind == new.kind == "diverged"
    assert str(gone.first) == "epoch 1, val/accuracy: nan → not there"
    assert str(new.first) == "epoch 1, val/accuracy: not there → nan"


def test_a_whole_number_is_judged_like_any_other() -> None:
    assert compare([PastEpoch({"val/loss": 0}, "w0")], past(0.6)).kind == "diverged"


def test_the_rule_is_said() -> None:
    within, beyond = compare(past(0.5), past(0.6)), compare(past(0.5), past(0.8), slack=0.25)
    assert str(within).endswith("; the last epoch is inside the given tolerance of 0.5")
    assert "; outside the given tolerance of 0.25: epoch 1, val/loss: 0.5" in str(beyond)
    assert str(beyond).endswith("(by +0.3), allowed: 0.25 to 0.75")


def test_of_two_lengths_the_epochs_that_both_have_are_compared() -> None:
    assert find_first_deviation(past(0.5, 0.4), past(0.5)) is None
    found = find_first_deviation(past(0.5, 0.4, 0.3), past(0.5, 0.6))
    assert found is not None and (found.epoch, found.metric) == (2, "val/loss")


def test_a_doubtful_record_is_never_plainly_exact() -> None:
    exact = compare(past(0.5), past(0.5))
    verdict = dataclasses.replace(exact, doubts=("the store's metric is 0.6",))
    assert (verdict.status, verdict.label) == (5, "exact, but the record is doubtful")
    assert str(verdict).endswith("are the same; the store's metric is 0.6")

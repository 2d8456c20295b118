"""Verdicts on statements whose truth is known."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from hhexp.analysis.claims import ClaimVerdict, bound, judge_statement
from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study import Claim, Statement
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

NONE: Cell = {"aug": "none", "epochs": "4"}
FULL: Cell = {"aug": "full", "epochs": "4"}
NONE_LONG: Cell = {"aug": "none", "epochs": "8"}
FULL_LONG: Cell = {"aug": "full", "epochs": "8"}


def results(*cells: tuple[Cell, Sequence[float]], metric: str = "val/accuracy") -> Results:
    """Finished runs, one for each value, with seeds 0, 1, …"""
    found = []
    for cell, values in cells:
        for seed, value in enumerate(values):
            record = StoredRun(
                f"{len(found):032x}", "run", "FINISHED", dict(cell), {},
                datetime(2026, 1, 1, tzinfo=UTC), None, None,
            )  # fmt: skip
            found.append(Result(record, cell, seed, {metric: [value]}))
    store = Store("sqlite:///nowhere.db")
    return Results(store, "", None, None, [cell for cell, _ in cells], found, [])


def difference(direction: str = "lower", **further: Any) -> Statement:
    return Statement.model_validate(
        {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
        | {"direction": direction, **further}
    )


def level(direction: str, value: float) -> Statement:
    return Statement(
        metric="val/accuracy", statistic="last", cell=FULL, direction=direction, level=value
    )


# Differences of -0.05 ± 0.016 by pairs, though the seeds spread far more than that.
APART = results((NONE, (0.70, 0.80, 0.90)), (FULL, (0.65, 0.755, 0.845)))
ALIKE = results((NONE, (0.80, 0.81, 0.80)), (FULL, (0.79, 0.82, 0.80)))


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        (difference("lower"), "supported"),
        (difference("higher"), "refuted"),
        (difference("lower", margin=0.02), "supported"),
        (difference("lower", margin=0.05), "undecided"),
        (difference("lower", margin=0.2), "refuted"),
        (difference("within", margin=0.1), "supported"),
        (difference("within", margin=0.02), "refuted"),
        (difference("within", margin=0.05), "undecided"),
        (level("higher", 0.4), "supported"),
        (level("lower", 0.4), "refuted"),
        (level("lower", 0.8), "undecided"),
    ],
)
def test_the_interval_decides(statement: Statement, word: str) -> None:
    assert judge_statement(APART, statement).word == word


def test_an_undecided_statement_says_how_many_seeds_would_decide() -> None:
    verdict = judge_statement(ALIKE, difference("higher"))
    assert (verdict.word, verdict.reason) == ("undecided", "the interval contains the bound")
    assert verdict.seeds_needed is None  # the mean difference is 0
    verdict = judge_statement(ALIKE, level("lower", 0.81))
    assert verdict.effect.mean == pytest.approx(0.8033, abs=1e-4)
    assert verdict.seeds_needed is not None and verdict.seeds_needed > 3


@pytest.mark.parametrize("statement", [difference("lower"), level("higher", 0.0)])
def test_one_seed_never_decides(statement: Statement) -> None:
    verdict = judge_statement(results((NONE, [0.9]), (FULL, [0.1])), statement)
    claim = Claim(name="one", text="One.", statements=[statement])
    assert str(ClaimVerdict(claim, [verdict])) == "undecided: only one seed"
    assert verdict.effect.count == 1


def test_only_seeds_of_both_cells_are_paired() -> None:
    verdict = judge_statement(
        results((NONE, (0.7, 0.8)), (FULL, (0.6, 0.7, 0.1))), difference("lower")
    )
    assert list(verdict.by_seed) == [0, 1]
    assert verdict.effect.mean == pytest.approx(-0.1)


def test_equal_differences_decide_too() -> None:
    assert judge_statement(
        results((NONE, (0.75, 0.5)), (FULL, (0.5, 0.25))), difference("lower")
    ).word == "supported"  # fmt: skip


def test_a_difference_of_differences() -> None:
    found = results(
        (NONE, (0.80, 0.90, 0.85)), (FULL, (0.70, 0.81, 0.75)),
        (NONE_LONG, (0.80, 0.90, 0.85)), (FULL_LONG, (0.79, 0.88, 0.84)),
    )  # fmt: skip
    minus = {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
    shrinks = difference("higher", cell=FULL_LONG, versus=NONE_LONG, minus=minus)
    verdict = judge_statement(found, shrinks)
    assert verdict.word == "supported"
    assert list(verdict.by_seed.values()) == pytest.approx([0.09, 0.07, 0.09])


@pytest.mark.parametrize(
    ("found", "metric", "reason"),
    [
        (results((NONE, (0.8, 0.9))), "val/accuracy", "no finished run of aug=full epochs=4"),
        (APART, "val_close_up/accuracy", "aug=full epochs=4 has no val_close_up/accuracy"),
    ],
)
def test_what_is_missing_is_named(found: Results, metric: str, reason: str) -> None:
    verdict = judge_statement(found, difference("lower", metric=metric))
    assert (verdict.word, verdict.reason) == ("undecided", reason)


def test_a_claim_holds_where_all_its_statements_do() -> None:
    supported, refuted, undecided = (
        judge_statement(APART, statement)
        for statement in (
            difference("lower"), difference("higher"), difference("lower", margin=0.05)
        )
    )  # fmt: skip
    claim = Claim(name="all", text="All.", statements=[difference("lower")])
    assert ClaimVerdict(claim, [supported, supported]).word == "supported"
    assert ClaimVerdict(claim, [supported, undecided]).word == "undecided"
    assert ClaimVerdict(claim, [supported, undecided, refuted]).word == "refuted"
    assert "the interval" in str(ClaimVerdict(claim, [supported, undecided]))


def test_the_bound_has_the_directions_sign() -> None:
    assert bound(difference("lower", margin=0.05)) == -0.05
    assert bound(difference("higher", margin=0.05)) == 0.05
    assert bound(level("lower", 0.8)) == 0.8


def test_rounding_decides_nothing() -> None:
    found = results(
        (NONE, (0.80,) * 3), (FULL, (0.85,) * 3), (NONE_LONG, (0.50,) * 3), (FULL_LONG, (0.55,) * 3)
    )
    minus = {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
    same = difference("higher", cell=FULL_LONG, versus=NONE_LONG, minus=minus)
    for statement in (
        same,
        difference("lower", cell=NONE, versus=FULL, margin=0.05),
        difference("higher", margin=0.05),
        difference("within", margin=0.05),
        level("higher", 0.85),
    ):
        verdict = judge_statement(found, statement)
        assert (verdict.word, verdict.seeds_needed) == ("undecided", None), statement
    assert judge_statement(found, same).effect.mean == 0


def test_seeds_that_did_not_diverge_do_not_decide_for_those_that_did() -> None:
    found = results((NONE, (0.5, 0.5, 0.5)), (FULL, (0.9, math.nan, 0.9)))
    verdict = judge_statement(found, difference("higher"))
    assert verdict.effect.count == 2
    assert verdict.diverged == [1]
    assert (verdict.word, verdict.reason) == ("undecided", "seed 1 diverged")

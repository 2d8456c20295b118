"""Verdicts on statements whose truth is known."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from hhexp.analysis.claims import ClaimVerdict, StatementVerdict, judge_claims
from hhexp.analysis.contrasts import bound
from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study import Claim, Statement, Study
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


def judge(found: Results, *claims: Claim, seeds: object = None) -> list[ClaimVerdict]:
    """Judge claims in a study; its seeds are those of the first cell."""
    count = len(found.of(found.cells[0]))
    study = Study.model_validate(
        {"name": "s", "title": "T", "question": "Q", "grid": "aug=none,full epochs=4,8"}
        | {"seeds": seeds or list(range(count)), "claims": [c.model_dump() for c in claims]}
    )
    return judge_claims(replace(found, study=study))


def claim(*statements: Statement, name: str = "one", primary: bool = False) -> Claim:
    return Claim(name=name, text="One.", primary=primary, statements=list(statements))


def judge_one(found: Results, statement: Statement) -> StatementVerdict:
    (verdict,) = judge(found, claim(statement))
    assert verdict.word == verdict.statements[0].word
    return verdict.statements[0]


def difference(direction: str = "lower", **further: Any) -> Statement:
    return Statement.model_validate(
        {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
        | {"direction": direction, **further}
    )


def level(direction: str, value: float) -> Statement:
    return Statement(
        metric="val/accuracy", statistic="last", cell=FULL, direction=direction, level=value
    )


# Differences of -0.05 ± 0.006 by pairs, though the seeds spread far more than that.
BASE = (0.70, 0.80, 0.90, 0.75, 0.85, 0.72, 0.88)
APART = results(
    (NONE, BASE),
    (FULL, np.subtract(BASE, (0.05, 0.045, 0.055, 0.04, 0.06, 0.05, 0.05)).tolist()),
)  # fmt: skip
ALIKE = results(
    (NONE, (0.80, 0.81, 0.80, 0.82, 0.80, 0.81)), (FULL, (0.79, 0.82, 0.80, 0.81, 0.80, 0.82))
)


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
        (level("lower", 0.75), "undecided"),
    ],
)
def test_seeds_beyond_the_bound_decide(statement: Statement, word: str) -> None:
    assert judge_one(APART, statement).word == word


def test_an_undecided_statement_says_how_many_seeds_would_decide() -> None:
    verdict = judge_one(ALIKE, difference("higher"))
    assert (verdict.word, verdict.reason) == ("undecided", "the interval contains the bound")
    assert verdict.seeds_needed is None  # the mean difference is 0
    verdict = judge_one(ALIKE, level("lower", 0.81))
    assert verdict.seeds_needed is not None and verdict.seeds_needed > 6


def test_the_seeds_that_would_refute_are_by_the_level_of_a_refutation() -> None:
    noise = 0.01 * np.array((-1.2, 1.0, -0.6, 0.5, 1.3, -1.0))
    found = results((NONE, [0.8] * 6), (FULL, 0.803 + noise))
    lower, further = difference("lower"), level("lower", 0.9)
    (alone,) = judge(found, claim(lower))
    (both,) = judge(found, claim(lower, further))
    assert alone.statements[0].seeds_needed and both.statements[0].seeds_needed
    assert both.statements[0].seeds_needed > alone.statements[0].seeds_needed


@pytest.mark.parametrize("statement", [difference("lower"), level("higher", 0.0)])
def test_one_seed_never_decides(statement: Statement) -> None:
    (verdict,) = judge(results((NONE, [0.9]), (FULL, [0.1])), claim(statement), seeds=[0, 1])
    assert str(verdict) == "undecided: only one seed"
    assert verdict.statements[0].effect.count == 1


def test_five_seeds_never_decide_however_far_apart_and_say_how_many_can() -> None:
    verdict = judge_one(results((NONE, [0.9] * 5), (FULL, [0.1] * 5)), difference("lower"))
    assert verdict.word == "undecided"
    assert "5 seeds are too few: with them p is never below 0.0625" in verdict.reason
    assert verdict.reason.endswith("6 can decide")
    six = results((NONE, [0.9] * 6), (FULL, [0.1] * 6))
    assert judge_one(six, difference("lower")).word == "supported"


def test_an_equivalence_is_shown_by_the_interval_of_90_percent() -> None:
    noise = np.random.default_rng(0).standard_normal(12)
    noise = 0.01 * (noise - noise.mean()) / noise.std(ddof=1)
    found = results((NONE, [0.8] * 12), (FULL, 0.8 + noise))
    half_90 = 1.796 * 0.01 / 12**0.5  # t(0.95, 11)
    for margin, word in ((0.9 * half_90, "undecided"), (1.1 * half_90, "supported")):
        assert judge_one(found, difference("within", margin=margin)).word == word


def test_only_seeds_of_both_cells_are_paired() -> None:
    found = results((NONE, (0.7, 0.8)), (FULL, (0.6, 0.7, 0.1)))
    (verdict,) = judge(found, claim(difference("lower")), seeds=[0, 1, 2])
    assert list(verdict.statements[0].by_seed) == [0, 1]
    assert verdict.statements[0].effect.mean == pytest.approx(-0.1)
    assert str(verdict) == "undecided: 2 of the 3 seeds that it takes are there"


def test_seeds_that_are_not_planned_do_not_count() -> None:
    found = results((NONE, (0.7,) * 9), (FULL, (0.6,) * 9))
    (verdict,) = judge(found, claim(difference("lower")), seeds=[1, 2, 3])
    assert list(verdict.statements[0].by_seed) == [1, 2, 3]


def test_a_plan_is_judged_at_its_looks_alone() -> None:
    plan = {"first": 5, "most": 20, "look_every": 5}
    for seeds, judged in ((4, None), (9, 5), (10, 10)):
        found = results((NONE, (0.9,) * seeds), (FULL, (0.1,) * seeds))
        (verdict,) = judge(found, claim(difference("lower")), seeds=plan)
        assert verdict.judged_at == judged
        assert verdict.word == ("supported" if judged == 10 else "undecided")
        assert len(verdict.statements[0].by_seed) == seeds


def test_a_verdict_stays_whatever_later_seeds_say() -> None:
    turned = [0.1] * 10 + [0.9] * 10
    found = results((NONE, (0.5,) * 20), (FULL, turned))
    plan = {"first": 10, "most": 20, "look_every": 5}
    (verdict,) = judge(found, claim(difference("lower")), seeds=plan)
    assert (verdict.word, verdict.decided_at) == ("supported", 10)
    assert verdict.statements[0].word == "supported"
    assert verdict.statements[0].effect.mean == pytest.approx(0)


def test_equal_differences_decide_too() -> None:
    found = results((NONE, (0.75, 0.5) * 3), (FULL, (0.5, 0.25) * 3))
    assert judge_one(found, difference("lower")).word == "supported"


def test_a_difference_of_differences() -> None:
    found = results(
        (NONE, (0.80, 0.90, 0.85) * 2), (FULL, (0.70, 0.81, 0.75) * 2),
        (NONE_LONG, (0.80, 0.90, 0.85) * 2), (FULL_LONG, (0.79, 0.88, 0.84) * 2),
    )  # fmt: skip
    minus = {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
    shrinks = difference("higher", cell=FULL_LONG, versus=NONE_LONG, minus=minus)
    verdict = judge_one(found, shrinks)
    assert verdict.word == "supported"
    assert list(verdict.by_seed.values())[:3] == pytest.approx([0.09, 0.07, 0.09])
    assert math.isnan(verdict.ahead)


@pytest.mark.parametrize(
    ("found", "metric", "reason"),
    [
        (results((NONE, (0.8, 0.9))), "val/accuracy", "no finished run of aug=full epochs=4"),
        (APART, "val_close_up/accuracy", "aug=full epochs=4 has no val_close_up/accuracy"),
    ],
)
def test_what_is_missing_is_named(found: Results, metric: str, reason: str) -> None:
    verdict = judge_one(found, difference("lower", metric=metric))
    assert (verdict.word, verdict.reason) == ("undecided", reason)


def test_a_metric_that_no_run_has_is_not_waited_for() -> None:
    misspelt = Statement(metric="val/acuracy", statistic="last", cell=FULL, direction="lower",
                         level=0.5)  # fmt: skip
    plan = {"first": 2, "most": 20, "look_every": 1}
    asked = [claim(misspelt), claim(level("lower", 0.75), name="two")]
    first, second = judge(results((FULL, [0.7, 0.8])), *asked, seeds=plan)
    assert str(first) == "undecided: aug=full epochs=4 has no val/acuracy"
    assert (first.can_be_decided, second.can_be_decided) == (False, True)
    (waiting,) = judge(results((NONE, [0.7, 0.8])), asked[1], seeds=plan)
    assert waiting.can_be_decided  # its cell has no run yet


def test_a_claim_holds_where_all_its_statements_do() -> None:
    yes, no = difference("lower"), difference("higher")
    unclear = difference("lower", margin=0.05)
    words = [
        judge(APART, claim(*statements))[0].word
        for statements in ((yes, yes), (yes, unclear), (yes, unclear, no))
    ]
    assert words == ["supported", "undecided", "refuted"]
    (verdict,) = judge(APART, claim(yes, unclear))
    assert str(verdict) == "undecided: the interval contains the bound"
    assert [each.word for each in verdict.statements] == ["supported", "undecided"]


def test_one_of_several_statements_refutes_only_beyond_their_number() -> None:
    six = results((NONE, [0.5] * 6), (FULL, [0.6] * 6))
    true, false = level("higher", 0.4), level("higher", 0.7)
    assert judge(six, claim(false))[0].word == "refuted"  # p = 2 / 64
    assert judge(six, claim(true, false))[0].word == "undecided"


def test_primary_and_secondary_claims_share_errors_of_their_own() -> None:
    six = results((NONE, [0.9] * 6), (FULL, [0.1] * 6))  # p = 2 / 64, below 5 % and above 2.5 %
    names = ("a", "b")
    unmarked = judge(six, *(claim(difference("lower"), name=name) for name in names))
    assert [(v.word, v.is_primary) for v in unmarked] == [("undecided", True)] * 2
    marked = judge(six, *(claim(difference(), name=name, primary=name == "a") for name in names))
    assert [(v.word, v.is_primary) for v in marked] == [("supported", True), ("supported", False)]


def test_seconds_on_a_clock_decide_nothing_and_take_no_share() -> None:
    found = results((NONE, [0.9] * 6), (FULL, [0.1] * 6))
    slower = difference("lower", metric="time/epoch_s", statistic="median")
    timed, other = judge(found, claim(slower, name="slower"), claim(difference("lower")))
    assert "seconds on a clock are not compared" in str(timed)
    assert not timed.can_be_decided
    assert other.word == "supported"


def test_the_bound_has_the_directions_sign() -> None:
    assert bound(difference("lower", margin=0.05)) == -0.05
    assert bound(difference("higher", margin=0.05)) == 0.05
    assert bound(level("lower", 0.8)) == 0.8


def test_rounding_decides_nothing() -> None:
    found = results(
        (NONE, (0.80,) * 7), (FULL, (0.85,) * 7), (NONE_LONG, (0.50,) * 7), (FULL_LONG, (0.55,) * 7)
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
        verdict = judge_one(found, statement)
        assert (verdict.word, verdict.seeds_needed) == ("undecided", None), statement
    assert judge_one(found, same).effect.mean == 0


def test_seeds_that_did_not_diverge_do_not_decide_for_those_that_did() -> None:
    found = results((NONE, (0.5,) * 8), (FULL, (0.9, math.nan, *(0.9,) * 6)))
    (verdict,) = judge(found, claim(difference("higher")))
    assert verdict.statements[0].effect.count == 7
    assert verdict.statements[0].diverged == [1]
    assert str(verdict) == "undecided: seed 1 diverged"
    assert not verdict.can_be_decided


def test_a_single_run_is_compared_with_a_single_run() -> None:
    found = results((NONE, (0.7, 0.8)), (FULL, (0.75, 0.85)))
    assert judge_one(found, difference("higher")).ahead == 0.75
    assert judge_one(found, level("higher", 0.8)).ahead == 0.5

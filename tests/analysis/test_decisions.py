"""Families of claims whose p-values are known."""

import pytest

from hhexp.analysis.decisions import Evidence, decide_family
from hhexp.analysis.looks import find_levels


def supporting(p: float) -> Evidence:
    return Evidence(p, 1.0)


def test_a_claim_is_decided_at_the_first_look_that_is_clear_enough() -> None:
    looks = (5, 10)
    levels = find_levels(0.05, looks)
    late = {5: supporting(1.01 * levels[0]), 10: Evidence(1.0, 0.99 * levels[1])}
    (decision,) = decide_family([late], looks)
    assert (decision.word, decision.look) == ("refuted", 10)
    (decision,) = decide_family([{5: late[5]}], looks)
    assert (decision.word, decision.look) == ("undecided", None)


def test_a_decision_stays_when_a_later_look_is_less_clear() -> None:
    (decision,) = decide_family([{5: supporting(1e-4), 10: Evidence(1.0, 0.5)}], (5, 10))
    assert (decision.word, decision.look) == ("supported", 5)


def test_each_claim_that_is_decided_leaves_its_level_to_the_others() -> None:
    p_values = (0.012, 0.02, 0.04, 0.06)  # Holm: 0.0125, 0.0167, …
    found = decide_family([{6: supporting(p)} for p in p_values], (6,))
    assert [each.word for each in found] == ["supported"] + ["undecided"] * 3
    found = decide_family([{6: supporting(p)} for p in (0.012, 0.016, 0.024, 0.049)], (6,))
    assert [each.word for each in found] == ["supported"] * 4


def test_a_claim_without_a_look_keeps_its_share() -> None:
    found = decide_family([{}, {6: supporting(0.03)}], (6,))
    assert [each.word for each in found] == ["undecided"] * 2
    assert found[1].levels[6] == pytest.approx(0.025)


def test_a_family_without_claims_has_no_decisions() -> None:
    assert decide_family([], (5,)) == []

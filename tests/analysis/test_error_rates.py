"""How often a study's verdicts are wrong, by simulation with seeds as skewed as the flagship's."""

import pytest

from benchmarks.error_rates import (
    PLAN,
    STUDIES,
    count_false,
    list_families,
    read_flagship,
    simulate,
    simulate_collapses,
)

MOST = 0.05 + 2 * (0.05 * 0.95 / STUDIES) ** 0.5
"""5 %, and two standard deviations of what is counted."""


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_with_nothing_to_find_at_most_one_study_in_twenty_finds_something(number: int) -> None:
    study, claims = read_flagship()
    _, family = list(list_families(claims))[number]
    assert count_false(simulate(study, family, is_null=True, studies=STUDIES)) <= MOST


def test_the_flagships_claims_have_shapes_that_its_runs_were_found_to_have() -> None:
    _, claims = read_flagship()
    shapes = {each.claim.name: each.shapes for each in claims}
    assert {"lower_train_accuracy", "lower_validation_accuracy_at_15"} <= shapes.keys()
    assert "helps_on_partial_views" not in shapes  # the published runs have no partial views
    (shape,) = shapes["lower_validation_accuracy_at_15"]
    assert (shape.distance, shape.skewness) == pytest.approx((-1.01, -0.22), abs=0.01)


def test_large_effects_are_found_early() -> None:
    study, claims = read_flagship()
    found = list(simulate(study, claims, is_null=False, studies=5))
    names = [each.claim.name for each in claims]
    lower = [row[names.index("lower_train_accuracy")] for row in found]
    assert {each.word for each in lower} == {"supported"}
    assert all(each.look and each.look < PLAN.most for each in lower)


@pytest.mark.slow
def test_what_no_seed_shows_is_not_in_the_error_except_where_like_is_compared_with_like() -> None:
    """What docs/studies.md says of rare collapses."""
    study, claims = read_flagship()
    single = next(each for each in claims if len(each.shapes) == 1)
    alone, compared = (
        count_false(simulate_collapses(study, single, studies=400, is_compared=is_compared))
        for is_compared in (False, True)
    )
    assert 0.2 < alone < 0.4
    assert compared <= 0.05

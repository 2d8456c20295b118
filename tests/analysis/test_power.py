"""How many seeds a study needs, against published tables and SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from hhexp.analysis.power import compare_single_runs, seeds_to_decide


@pytest.mark.parametrize(
    ("effect", "deviation", "margin", "expected"),
    [
        (0.5, 1.0, 0.0, 34),  # J. Cohen 1988: d = 0.5 of paired differences, two-sided 5 %, 80 %
        (-0.5, 1.0, 0.0, 34),
        (2.5, 1.0, 2.0, 34),
        (100.0, 1.0, 0.0, 6),  # what the exact test needs
        (0.85 - 0.8, 0.0, 0.05, None),
        (0.0, 1.0, 0.0, None),
        (1e-4, 1.0, 0.0, None),
        (1.0, math.nan, 0.0, None),
    ],
)
def test_seeds_that_would_decide(
    effect: float, deviation: float, margin: float, expected: int | None
) -> None:
    assert seeds_to_decide(effect, deviation, margin, 0.025) == expected


def test_with_one_seed_less_the_power_is_below_four_fifths() -> None:
    needed = seeds_to_decide(1.0, 1.0, 0.0, 0.005)
    assert needed is not None
    powers = [
        stats.nct.sf(stats.t.isf(0.005, n - 1), n - 1, math.sqrt(n)) for n in (needed - 1, needed)
    ]
    assert powers[0] < 0.8 <= powers[1]


@pytest.mark.parametrize("mean", [0.0, 0.02])
def test_an_equivalence_is_found_in_four_of_five_studies(mean: float) -> None:
    """Both of its tests have to succeed: with the seeds for one, 64 % of the studies find it."""
    needed = seeds_to_decide(mean, 0.05, 0.05, 0.05, -0.05)
    assert needed is not None
    random = np.random.default_rng(0)
    for seeds, is_enough in ((needed, True), (needed - 2, False)):
        values = random.normal(mean, 0.05, (20_000, seeds))
        half = stats.t.isf(0.05, seeds - 1) * values.std(axis=1, ddof=1) / math.sqrt(seeds)
        found = np.mean(np.abs(values.mean(axis=1)) + half < 0.05)
        assert (found >= 0.79) == is_enough


def test_a_single_run_is_ahead_in_a_share_of_all_pairs() -> None:
    assert compare_single_runs([0.9, 0.8], [0.7, 0.8]) == pytest.approx(3.5 / 4)
    assert compare_single_runs([0.9, 0.7], [0.8]) == 0.5
    assert math.isnan(compare_single_runs([], [0.8]))

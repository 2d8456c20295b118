"""p-values of a few seeds, against SciPy and values worked out by hand."""

import itertools

import numpy as np
import pytest
from scipy import stats

from hhexp.analysis.evidence import flip_signs, least_exact, weigh_sides


@pytest.mark.parametrize("count", [2, 3, 7, 10])
def test_the_sign_flip_test_counts_every_pattern(count: int) -> None:
    values = np.random.default_rng(count).normal(0.3, 1, count)
    sums = [np.dot(signs, values) for signs in itertools.product((-1, 1), repeat=count)]
    above, below = flip_signs(values)
    assert above == pytest.approx(np.mean([s >= values.sum() - 1e-9 for s in sums]))
    assert below == pytest.approx(np.mean([s <= values.sum() + 1e-9 for s in sums]))


def test_five_seeds_on_one_side_are_one_pattern_of_32() -> None:
    above, below = weigh_sides([0.27, 0.31, 0.06, 0.02, 0.16], 0.0)
    assert above == 1 / 32
    assert below == 1
    assert least_exact(5) == 2 / 32


def test_without_skewness_many_seeds_have_the_p_value_of_t() -> None:
    values = [-1.0, 2.0, 0.5] * 20  # symmetrical about the mean, 0.5
    above, below = weigh_sides(values, 0.0)
    expected = stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
    assert (above, below) == pytest.approx((expected, 1 - expected))


def test_on_the_side_of_the_short_tail_skewed_seeds_prove_less() -> None:
    values = 1 - np.random.default_rng(0).gamma(1.0, size=40)
    shifted = values - values.mean()
    above, _ = weigh_sides(shifted + 0.35, 0.0)
    assert above > 2 * stats.ttest_1samp(shifted + 0.35, 0.0, alternative="greater").pvalue


def test_rounding_is_no_distance() -> None:
    assert weigh_sides([0.85 - 0.8, 0.55 - 0.5, 0.95 - 0.9], 0.05) == (1.0, 1.0)


def test_one_seed_says_nothing_and_equal_ones_what_their_number_allows() -> None:
    assert weigh_sides([0.3], 0.0) == (1.0, 1.0)
    assert weigh_sides([0.3] * 6, 0.0) == (1 / 64, 1.0)

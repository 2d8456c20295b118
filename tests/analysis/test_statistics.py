"""Statistics against published values, values worked out by hand, and SciPy."""

import math

import pytest
from scipy import stats

from hhexp.analysis.statistics import correct_p_values, mcnemar, mean_interval, paired_difference

# Hours of sleep gained with each of two drugs: the data of Student's paper of 1908.
FIRST_DRUG = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND_DRUG = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_paired_differences_of_students_sleep_data() -> None:
    interval = paired_difference(SECOND_DRUG, FIRST_DRUG)
    assert interval.mean == pytest.approx(1.58)
    assert (interval.low, interval.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert interval.deviation == pytest.approx(1.229995, abs=1e-6)
    assert interval.effect_size == pytest.approx(1.58 / 1.229995, abs=1e-4)
    assert interval.count == 10


def test_interval_is_scipys() -> None:
    sample = (0.83, 0.87, 0.79, 0.85, 0.88)
    expected = stats.t.interval(0.95, 4, loc=stats.tmean(sample), scale=stats.sem(sample))
    interval = mean_interval(sample)
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.half == pytest.approx((expected[1] - expected[0]) / 2)


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    one = mean_interval([0.8])
    assert (one.mean, one.count) == (0.8, 1)
    assert math.isnan(one.low) and math.isnan(one.effect_size)
    assert math.isnan(mean_interval([]).mean)


def test_equal_differences_have_an_infinite_effect_size() -> None:
    assert paired_difference([2.0, 3.0], [1.0, 2.0]).effect_size == math.inf
    assert math.isnan(paired_difference([1.0, 2.0], [1.0, 2.0]).effect_size)


def test_rounding_is_neither_a_mean_nor_a_deviation() -> None:
    equal = paired_difference([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])
    assert equal.deviation == 0 and equal.effect_size == math.inf
    none = mean_interval([0.1, 0.2, -0.3])
    assert none.mean == 0 and none.deviation > 0
    assert paired_difference([0.1 + 0.2], [0.3]).mean == 0


def test_pairs_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([1.0, 2.0], [1.0])


def test_mcnemar_counts_the_images_that_one_model_has_right() -> None:
    first = [True] * 9 + [False] * 1 + [True] * 20 + [False] * 5
    second = [False] * 9 + [True] * 1 + [True] * 20 + [False] * 5
    test = mcnemar(first, second)
    assert (test.only_first, test.only_second) == (9, 1)
    assert test.p == pytest.approx(2 * (1 + 10) / 2**10)  # P(≤ 1 of 10) on both sides


def test_models_that_differ_nowhere_or_evenly_have_p_one() -> None:
    assert mcnemar([True, False], [True, False]).p == 1
    assert mcnemar([True, False], [False, True]).p == 1


def test_the_same_images_with_more_seeds_are_no_more_images() -> None:
    first = [[True] * 9 + [False]] * 5
    second = [[False] * 9 + [True]] * 5
    test = mcnemar(first, second)
    assert (test.only_first, test.only_second) == (45, 5)
    assert test.p == pytest.approx(mcnemar(first[0], second[0]).p)


def test_seeds_that_disagree_on_an_image_count_by_their_majority() -> None:
    first = [[True, True, True], [True, True, False], [False, True, True]]
    second = [[False, False, True], [False, False, False], [True, False, True]]
    # By image 1, 3 and 0: of four sign patterns two have a sum of 4 or -4.
    assert mcnemar(first, second).p == pytest.approx(0.5)


def test_holms_correction_is_worked_out_by_hand() -> None:
    assert correct_p_values([0.03, 0.01, 0.04]) == pytest.approx([0.06, 0.03, 0.06])
    assert correct_p_values([0.5, 0.9]) == [1.0, 1.0]
    assert correct_p_values([]) == []


def test_a_p_value_is_above_0_however_small_it_is() -> None:
    first = [[True] * 80] * 3
    second = [[False] * 80] * 3
    assert mcnemar(first, second).p == pytest.approx(2.0**-79)

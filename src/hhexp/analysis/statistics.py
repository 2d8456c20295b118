"""Statistics of a few seeds: intervals, paired differences, and McNemar's test."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
MOST_SEEDS = 10_000
"""Beyond this many, seeds will not decide."""
ROUNDING = 1e-9
"""Numbers that differ by less than this share of the larger are the same, but for rounding."""


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval; the ends are NaN with fewer than two values."""

    mean: float
    low: float
    high: float
    deviation: float
    """The sample's standard deviation (n − 1 in the divisor); NaN with fewer than two values."""
    count: int

    @property
    def half(self) -> float:
        """Half the interval's width: the number behind the ±."""
        return self.high - self.mean

    @property
    def effect_size(self) -> float:
        """Mean over standard deviation; of paired differences this is Cohen's d_z.

        J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, p. 48:
        d_z = m / s of the differences. Infinite where all differences are the same.
        """
        if self.count < 2 or (self.mean == 0 and self.deviation == 0):
            return math.nan
        return self.mean / self.deviation if self.deviation else math.copysign(math.inf, self.mean)


@dataclass(frozen=True)
class McNemar:
    """Two models on the same images."""

    only_first: int
    """Images that only the first has right."""
    only_second: int
    p: float
    """Two-sided p-value of "both are right equally often"."""


def difference(one: float, other: float) -> float:
    """one − other, and 0 where they differ by rounding alone: 0.85 − 0.55 and 0.8 − 0.5 do."""
    same = math.isclose(one, other, rel_tol=ROUNDING)
    return 0.0 if same else one - other


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The mean of a sample with Student's t-interval: m ± t · s / √n.

    t is the quantile (1 + confidence) / 2 of Student's distribution with n − 1 degrees of freedom
    (Student, The probable error of a mean, Biometrika 6, 1908). It takes the values as drawn from a
    normal distribution, which seeds are only roughly. A mean or deviation that is nothing but
    rounding is 0.

    Args:
        values: one per seed.
        confidence: the interval's.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not len(sample):
        return Interval(math.nan, math.nan, math.nan, math.nan, 0)
    noise = ROUNDING * float(np.abs(sample).max())
    mean = _drop_noise(noise, float(sample.mean()))
    if len(sample) == 1:
        return Interval(mean, math.nan, math.nan, math.nan, 1)
    from scipy.stats import t  # type: ignore[import-untyped]

    deviation = _drop_noise(noise, float(sample.std(ddof=1)))
    half = float(t.ppf((1 + confidence) / 2, len(sample) - 1)) * deviation / math.sqrt(len(sample))
    return Interval(mean, mean - half, mean + half, deviation, len(sample))


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """The interval of the differences first − second, whose entries belong to the same seeds.

    Raises:
        ValueError: they are not as many.
    """
    return mean_interval([difference(one, other) for one, other in zip(first, second, strict=True)])


def seeds_to_decide(
    effect: float, deviation: float, margin: float = 0.0, confidence: float = CONFIDENCE
) -> int | None:
    """The least number of seeds whose interval would exclude ``margin``.

    The smallest n ≥ 2 with t · s / √n < |effect − margin|, should further seeds keep the
    observed mean and spread. That is the interval's precision, a power of about one half; for n at
    a chosen power see J. Cohen 1988, chapter 2.

    Args:
        effect: the observed mean.
        deviation: the observed standard deviation.
        margin: the value that the interval is to exclude.
        confidence: the interval's.

    Returns:
        None where more than 10,000 would be needed, or nothing is known of the spread.
    """
    distance = abs(difference(effect, margin))
    if math.isnan(distance) or math.isnan(deviation):
        return None
    from scipy.stats import t

    counts = np.arange(2, MOST_SEEDS + 1)
    halves = t.ppf((1 + confidence) / 2, counts - 1) * deviation / np.sqrt(counts)
    enough = np.flatnonzero(halves < distance)
    return int(counts[enough[0]]) if len(enough) else None


def mcnemar(
    first_right: Sequence[bool] | np.ndarray, second_right: Sequence[bool] | np.ndarray
) -> McNemar:
    """McNemar's exact test of two models that answered the same images.

    Of the b + c images that only one of them has right, either has as many on average if both are
    equally good: b ~ Binomial(b + c, ½), two-sided. Q. McNemar, Psychometrika 12 (1947); exact as
    in A. Agresti, Categorical Data Analysis, 3rd ed. 2013, section 11.1.

    Args:
        first_right: for each image, whether the first model has it right.
        second_right: the second, in the same order.

    Raises:
        ValueError: they are not as many.
    """
    one, other = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape} answers: must be as many")
    only_first, only_second = int((one & ~other).sum()), int((other & ~one).sum())
    return McNemar(only_first, only_second, _compute_p_value(only_first, only_first + only_second))


@functools.cache
def _compute_p_value(successes: int, trials: int) -> float:
    """The p-value of a two-sided exact binomial test of ½."""
    from scipy.stats import binomtest

    return float(binomtest(successes, trials, 0.5).pvalue) if trials else 1.0


def _drop_noise(noise: float, value: float) -> float:
    return 0.0 if abs(value) <= noise else value

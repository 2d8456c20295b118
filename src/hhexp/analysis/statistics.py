"""Statistics of a few seeds: intervals, paired differences, and McNemar's test."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
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
    """Images that only the first has right, counted once for each seed."""
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
    from scipy.stats import t

    deviation = _drop_noise(noise, float(sample.std(ddof=1)))
    half = float(t.ppf((1 + confidence) / 2, len(sample) - 1)) * deviation / math.sqrt(len(sample))
    return Interval(mean, mean - half, mean + half, deviation, len(sample))


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """The interval of the differences first − second, whose entries belong to the same seeds.

    Raises:
        ValueError: they are not as many.
    """
    return mean_interval([difference(one, other) for one, other in zip(first, second, strict=True)])


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """McNemar's exact test of two models, or of two groups of models, on the same images.

    Of the images that only one of two models has right, either has as many on average if both are
    equally good: b ~ Binomial(b + c, ½), two-sided. Q. McNemar, Psychometrika 12 (1947); exact as
    in A. Agresti, Categorical Data Analysis, 3rd ed. 2013, section 11.1. Answers of several seeds
    to an image depend on each other, so they are not counted as so many images: each image has the
    sum over the seeds, and all that is random is which of the groups it speaks for (the permutation
    form of V. L. Durkalski and others, Stat. Med. 22, 2003). With one seed this is McNemar's test.

    Args:
        first_right: [S, N] bool, or [N]: whether the first has each of N images right, with each
            of S seeds.
        second_right: the second, in the same order.

    Raises:
        ValueError: they are not as many.
    """
    one = np.atleast_2d(np.asarray(first_right, dtype=bool))
    other = np.atleast_2d(np.asarray(second_right, dtype=bool))
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape} answers: must be as many")
    only_first, only_second = one & ~other, other & ~one
    by_image = only_first.sum(axis=0) - only_second.sum(axis=0)
    sizes = tuple(sorted(int(size) for size in np.abs(by_image) if size))
    p = _flip_sizes(sizes, abs(int(by_image.sum())))
    return McNemar(int(only_first.sum()), int(only_second.sum()), p)


def correct_p_values(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of a family of tests by Holm's procedure (Scand. J. Stat. 6, 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    raised = np.minimum(1.0, np.maximum.accumulate(np.asarray(p_values)[order] * factors))
    corrected = np.empty(len(order))
    corrected[order] = raised
    return [float(p) for p in corrected]


@functools.cache
def _flip_sizes(sizes: tuple[int, ...], observed: int) -> float:
    """The chance that a sum of whole numbers with random signs is at least as far from 0."""
    total = sum(sizes)
    chances = np.zeros(2 * total + 1)
    chances[total] = 1.0
    for size in sizes:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    # Summed from the ends on: 1 less the others would be noise, and below 0, where it is tiny.
    far = chances[: total - observed + 1].sum() + chances[total + observed :].sum()
    return float(min(1.0, far)) if observed else 1.0


def _drop_noise(noise: float, value: float) -> float:
    return 0.0 if abs(value) <= noise else value

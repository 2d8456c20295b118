"""What a few seeds say against a bound: p-values of three tests, the strictest of which counts.

- Student's t-test takes the values as drawn from a normal distribution, which seeds are only
  roughly.
- Where seeds are skewed, it errs far too often on the side of the short tail. Hall's transformation
  of t takes the observed skewness out (P. Hall, On the removal of skewness by transformation, J. R.
  Stat. Soc. B 54, 1992).
- The exact sign-flip test (R. A. Fisher, The Design of Experiments, 1935, section 21) takes the
  values as symmetrical, which differences of two cells are wherever the cells do not differ.

``tests/analysis/test_error_rates.py`` shows what comes of it.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from hhexp.analysis.statistics import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_EXACT = 30
"""Seeds up to which the sign-flip test is computed; with more the two agree."""


def weigh_sides(values: "Sequence[float] | np.ndarray", bound: float) -> tuple[float, float]:
    """One-sided p-values of "the mean is at most the bound" and of "it is at least the bound".

    Args:
        values: one per seed; with fewer than two, both are 1.
        bound: what the mean is held against.
    """
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return 1.0, 1.0
    noise = ROUNDING * max(float(np.abs(sample).max()), abs(bound))
    distances = np.where(np.abs(sample - bound) <= noise, 0.0, sample - bound)
    above, below = _test_mean(distances, noise)
    if len(sample) <= MOST_EXACT:
        exact_above, exact_below = flip_signs(distances, noise)
        above, below = max(above, exact_above), max(below, exact_below)
    return above, below


def flip_signs(distances: np.ndarray, noise: float = 0.0) -> tuple[float, float]:
    """Exact one-sided p-values of a mean of 0: how many sign patterns have as large, or as small, a
    sum.

    The 2ⁿ sums are those of the two halves, added: one half's are sorted, and for each of the
    other's it is looked up how many reach the observed sum.

    Args:
        distances: [n] float64.
        noise: sums that differ by less are equal.
    """
    total, slack = float(distances.sum()), max(noise, 1e-12 * float(np.abs(distances).sum()))
    half = len(distances) // 2
    first, second = (_list_sums(part) for part in (distances[:half], distances[half:]))
    second.sort()
    count = len(first) * len(second)
    below_total = np.searchsorted(second, total - slack - first, "left").sum()
    upto_total = np.searchsorted(second, total + slack - first, "right").sum()
    return float(1 - below_total / count), float(upto_total / count)


def least_exact(seeds: int) -> float:
    """The smallest p-value, two-sided, that the sign-flip test can have."""
    return 2.0 ** (1 - seeds) if seeds <= MOST_EXACT else 0.0


def _list_sums(values: np.ndarray) -> np.ndarray:
    """The sums of all 2ⁿ sign patterns."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums - value, sums + value))
    return sums


def _test_mean(distances: np.ndarray, noise: float) -> tuple[float, float]:
    """One-sided p-values of a mean of 0, by the stricter of t and Hall's transformation of it."""
    from scipy.special import stdtr

    count = len(distances)
    mean, deviation = float(distances.mean()), float(distances.std(ddof=1))
    if deviation <= noise:
        return (0.0, 1.0) if mean > noise else (1.0, 0.0) if mean < -noise else (1.0, 1.0)
    shift = mean / deviation
    skewness = _estimate_skewness(distances)
    straightened = (
        shift + skewness * shift**2 / 3 + skewness**2 * shift**3 / 27 + skewness / (6 * count)
    )
    scores = [math.sqrt(count) * each for each in (shift, straightened)]
    below = [float(stdtr(count - 1, score)) for score in scores]
    above = [float(stdtr(count - 1, -score)) for score in scores]
    return max(above), max(below)


def _estimate_skewness(values: np.ndarray) -> float:
    """G₁ of a sample; 0 of two values, which have none."""
    count = len(values)
    if count < 3:
        return 0.0
    distances = values - values.mean()
    plain = (distances**3).mean() / (distances**2).mean() ** 1.5
    return float(plain * math.sqrt(count * (count - 1)) / (count - 2))

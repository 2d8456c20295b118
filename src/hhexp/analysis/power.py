"""How many seeds a study needs, and what an effect means for a single run."""

import math
from collections.abc import Sequence

import numpy as np

from hhexp.analysis.decisions import ERROR
from hhexp.analysis.evidence import least_exact
from hhexp.analysis.looks import find_levels
from hhexp.analysis.statistics import difference
from hhexp.analysis.study import Study

POWER = 0.8
MOST_SEEDS = 10_000
"""Beyond this many, seeds will not decide."""


def seeds_to_decide(
    effect: float, deviation: float, margin: float, level: float, opposite: float | None = None
) -> int | None:
    """The least number of seeds that would show, with a power of 80 %, that a mean is beyond a
    margin, or between two of them.

    The power of a one-sided t-test (J. Cohen, Statistical Power Analysis for the Behavioral
    Sciences, 2nd ed. 1988, chapter 2), should the observed mean and spread be the true ones; and as
    many as the exact sign-flip test needs at least.

    Args:
        effect: the observed mean.
        deviation: the observed standard deviation.
        margin: the value that is to be excluded.
        level: of the test, one-sided.
        opposite: a second value, on the mean's other side, that is to be excluded too. Both tests
            have to succeed; the chance of that is at least 1 less the chances that each fails.

    Returns:
        None where more than 10,000 would be needed, or nothing is known of the spread.
    """
    excluded = [margin] if opposite is None else [margin, opposite]
    distances = [abs(difference(effect, each)) for each in excluded]
    if math.isnan(effect) or math.isnan(deviation) or not all(distances):
        return None

    def is_enough(seeds: int) -> bool:
        missed = sum(1 - _compute_power(each, deviation, seeds, level) for each in distances)
        return 1 - missed >= POWER

    few, many = 1, MOST_SEEDS
    if not is_enough(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        if not is_enough(middle):
            few = middle
        else:
            many = middle
    return many


def _compute_power(distance: float, deviation: float, seeds: int, level: float) -> float:
    """The chance that a one-sided t-test and the sign-flip test see a distance."""
    if least_exact(seeds) / 2 > level:
        return 0.0
    if not deviation:
        return 1.0
    from scipy.special import nctdtr, stdtrit

    shift = math.sqrt(seeds) * distance / deviation
    edge = float(stdtrit(seeds - 1, 1 - level))
    missed = float(nctdtr(seeds - 1, shift, edge))
    return float(shift > edge) if math.isnan(missed) else 1 - missed


def compare_single_runs(first: Sequence[float], second: Sequence[float]) -> float:
    """The chance that one run of the first is above one of the second, whichever their seeds.

    The share of all pairs, equal ones counting half (A. Vargha and H. D. Delaney, J. Educ. Behav.
    Stat. 25, 2000). NaN where one has no runs.
    """
    if not len(first) or not len(second):
        return math.nan
    signs = np.sign(np.subtract.outer(np.asarray(first), np.asarray(second)))
    return float((signs.mean() + 1) / 2)


def find_deciding_look(study: Study) -> int | None:
    """The seeds at the first look that can decide a primary claim, as the exact test needs some;
    None where no look can."""
    judged = [claim for claim in study.primary if claim.is_judged]
    levels = find_levels(ERROR / max(1, len(judged)), study.looks)
    looks = zip(study.looks, levels, strict=True)
    return next((look for look, level in looks if least_exact(look) <= level), None)

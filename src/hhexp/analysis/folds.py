"""Cells over the folds of their images: what cross-validation says of them, and of two of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.predictions import Pair
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import CONFIDENCE, Interval, difference, mean_interval

if TYPE_CHECKING:
    import pandas as pd

COMPARED = ("val/accuracy", "val/loss")
"""What two cells are compared by, at the last epoch."""


@dataclass(frozen=True)
class FoldDuel:
    """Two cells that were trained on the same folds."""

    pair: Pair
    differences: dict[str, Interval]
    """Second − first of each metric in ``COMPARED``, over the folds."""

    @property
    def count(self) -> int:
        """The folds that both have."""
        return max(each.count for each in self.differences.values())


def fold_interval(values: Sequence[float], folds: int, confidence: float = CONFIDENCE) -> Interval:
    """The mean over folds of a cross-validation, with an interval for overlapping training sets.

    Any two of k folds share (k − 2) / (k − 1) of their training images, so their numbers depend on
    each other, and s / √k is far too small. The corrected resampled t-interval of n of them is
    m ± t · s · √(1/n + 1/(k − 1)), where 1/(k − 1) is the ratio of validation to training images
    (C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52, 2003,
    section 5). The correction is approximate: no unbiased one exists (Y. Bengio and Y. Grandvalet,
    J. Mach. Learn. Res. 5, 2004).

    Args:
        values: one per fold.
        folds: into how many the images were dealt.
        confidence: the interval's.
    """
    plain = mean_interval(values, confidence)
    if plain.count < 2:
        return plain
    half = plain.half * math.sqrt(1 + plain.count / (folds - 1))
    return replace(plain, low=plain.mean - half, high=plain.mean + half)


def measure_interval(results: Results, cell: Cell, metric: str, statistic: str) -> Interval:
    """A cell's mean with its interval: over its folds where it has several, else over seeds."""
    by_fold = results.measure_folds(cell, metric, statistic)
    if by_fold:
        return fold_interval(list(by_fold.values()), _count_folds(results, cell))
    return mean_interval(list(results.measure_cell(cell, metric, statistic).values()))


def difference_of_folds(
    results: Results, first: Cell, second: Cell, metric: str, statistic: str
) -> Interval:
    """The differences first − second of each fold that both cells have, means over the seeds."""
    one, other = (results.measure_folds(cell, metric, statistic) for cell in (first, second))
    folds = _count_folds(results, first)
    if folds != _count_folds(results, second):
        return mean_interval([])
    return fold_interval(
        [difference(one[fold], other[fold]) for fold in one if fold in other], folds
    )


def compare_folds(results: Results, pairs: Sequence[Pair]) -> list[FoldDuel]:
    """The pairs of cells that have several folds in common."""
    found = []
    for pair in pairs:
        differences = {
            metric: difference_of_folds(results, pair.second, pair.first, metric, "last")
            for metric in COMPARED
        }
        if any(each.count > 1 for each in differences.values()):
            found.append(FoldDuel(pair, differences))
    return found


def tabulate_folds(duels: Sequence[FoldDuel]) -> "pd.DataFrame":
    """One row per pair of cells and metric: the mean of second − first, and its interval."""
    import pandas as pd

    return pd.DataFrame(
        {
            "first": grid.label(duel.pair.first),
            "second": grid.label(duel.pair.second),
            "metric": metric,
            "mean": value.mean,
            "low": value.low,
            "high": value.high,
            "folds": value.count,
        }
        for duel in duels
        for metric, value in duel.differences.items()
    )


def _count_folds(results: Results, cell: Cell) -> int:
    """Into how many folds the images of a cell's runs were dealt; 0 where they were not."""
    return max((result.folds or 0 for result in results.of(cell).values()), default=0)

"""Intervals over seeds and images: what holds on other images of the same kind too.

The interval over seeds holds for the validation images as they are. Here both are taken as drawn:
the crossed bootstrap (A. B. Owen, The pigeonhole bootstrap, Ann. Appl. Stat. 1, 2007) draws seeds
and images anew, each with replacement.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hhexp.analysis.predictions import Predictions
from hhexp.analysis.statistics import CONFIDENCE, Interval
from hhexp.analysis.study import CellValues, Contrast, Statement, Study

ACCURACY, RECALL = "val/accuracy", "val/recall/"
RESAMPLES = 4000
SEED = 0
TOLERANCE = 1e-6
"""How far a metric may be from the mean of its predictions, as it was logged in float32."""


def spread_over_images(
    predictions: Predictions | None,
    statement: Statement,
    by_seed: Mapping[int, float],
    study: Study,
) -> Interval | None:
    """A statement's interval over seeds and images.

    Args:
        predictions: of all runs.
        statement: whose contrast it is.
        by_seed: its values.
        study: whose cells it names.

    Returns:
        None where it is no mean over images after the last epoch, or the predictions do not have
        its values.
    """
    if predictions is None or len(by_seed) < 2:
        return None
    parts: list[tuple[float, Contrast, CellValues | None]]
    parts = [(1.0, statement, statement.cell), (-1.0, statement, statement.versus)]
    if minus := statement.minus:
        parts += [(-1.0, minus, minus.cell), (1.0, minus, minus.versus)]
    chosen = [_choose_images(predictions, asked) for _, asked, cell in parts if cell]
    if any(each is None or (each != chosen[0]) for each in chosen) or not chosen[0]:
        return None
    asked_cells = [(sign, cell) for sign, _, cell in parts if cell]
    rows = _gather(predictions, asked_cells, list(by_seed), study)
    if rows is None:
        return None
    rows = rows[:, chosen[0]]
    values = np.array(list(by_seed.values()))
    if not np.allclose(rows.mean(axis=1), values, rtol=0, atol=TOLERANCE):
        return None
    return resample(rows)


def resample(rows: np.ndarray) -> Interval:
    """The mean of [S, N] values of S seeds and N images, with its interval over both.

    m ± t · s, with the bootstrap's standard deviation s, the quantile t of Student's distribution
    with S − 1 degrees of freedom, and s widened by √(S / (S − 1)): where all images are alike, this
    is the t-interval over the seeds.
    """
    from scipy.special import stdtrit

    seeds, images = rows.shape
    random = np.random.default_rng(SEED)
    drawn_seeds = random.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES) / seeds
    drawn_images = random.multinomial(images, np.full(images, 1 / images), RESAMPLES) / images
    means = ((drawn_seeds @ rows) * drawn_images).sum(axis=1)
    mean = float(rows.mean())
    deviation = float(means.std(ddof=1)) * math.sqrt(seeds / (seeds - 1))
    half = float(stdtrit(seeds - 1, (1 + CONFIDENCE) / 2)) * deviation
    return Interval(mean, mean - half, mean + half, deviation * math.sqrt(seeds), seeds)


def _choose_images(predictions: Predictions, asked: Contrast) -> list[int] | None:
    """The images that a metric is a mean over; None where it is another kind of number."""
    if asked.statistic != "last":
        return None
    if asked.metric == ACCURACY:
        return list(range(len(predictions.paths)))
    name = asked.metric.removeprefix(RECALL)
    if name == asked.metric:
        return None
    return [number for number, true in enumerate(predictions.true) if true == name]


def _gather(
    predictions: Predictions,
    parts: Sequence[tuple[float, CellValues]],
    seeds: Sequence[int],
    study: Study,
) -> np.ndarray | None:
    """[S, N] float64: each seed's contribution of each image; None where a run has none."""
    total = np.zeros((len(seeds), len(predictions.paths)))
    for sign, cell in parts:
        by_seed = {each.result.seed: each.right for each in predictions.of(study.cell(cell))}
        if not set(seeds) <= by_seed.keys():
            return None
        total += sign * np.array([by_seed[seed] for seed in seeds], dtype=np.float64)
    return total

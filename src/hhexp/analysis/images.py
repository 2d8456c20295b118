"""Intervals over seeds and images: what holds on other images of the same kind too.

The interval over seeds holds for the validation images as they are. Here both are taken as drawn:
the crossed bootstrap (A. B. Owen, The pigeonhole bootstrap, Ann. Appl. Stat. 1, 2007) draws seeds
and images anew, each with replacement.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hhexp.analysis.crossfit import spread
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import LATE
from hhexp.analysis.predictions import Predictions
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import CONFIDENCE, Interval
from hhexp.analysis.study import CellValues, Contrast, Statement
from hhexp.experiment.answers import FILE, Answers, read_answers
from hhexp.limits import ANSWERS_BYTES
from hhexp.tracking.artifacts import read_contents

ACCURACY, LOSS, RECALL = "val/accuracy", "val/loss", "val/recall/"
EPOCHS = {"last": 1, "mean_last_5": LATE}
"""The last epochs that a statistic is a mean over. At ``best`` it is at the epochs that the images
have chosen, which stay when images are drawn anew; the others are no means over images."""
RESAMPLES = 4000
SEED = 0
TOLERANCE = 1e-6
"""How far a metric may be from the mean of its predictions, as it was logged in float32."""
LOSS_TOLERANCE = 1e-3
"""The same of a loss, as a share of it: it is of probabilities, which were rounded."""


def spread_over_images(
    results: Results,
    predictions: Predictions | None,
    statement: Statement,
    by_seed: Mapping[int, float],
) -> Interval | None:
    """A statement's interval over seeds and images.

    Args:
        results: of the study whose cells it names.
        predictions: of all runs.
        statement: whose contrast it is.
        by_seed: its values.

    Returns:
        None where it is no mean over images, of the last epoch, the last five or the best one, or
        the predictions do not have its values.
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
    contrasts = [(sign, asked, cell) for sign, asked, cell in parts if cell]
    rows = _gather(results, predictions, contrasts, list(by_seed))
    if rows is None:
        return None
    rows = rows[:, chosen[0]]
    values = np.array(list(by_seed.values()))
    relative = LOSS_TOLERANCE if any(asked.metric == LOSS for _, asked, _ in contrasts) else 0
    if not np.allclose(rows.mean(axis=1), values, rtol=relative, atol=max(TOLERANCE, relative)):
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
    if asked.statistic not in (*EPOCHS, "best"):
        return None
    if asked.metric in (ACCURACY, LOSS):
        return list(range(len(predictions.paths)))
    name = asked.metric.removeprefix(RECALL)
    if name == asked.metric:
        return None
    return [number for number, true in enumerate(predictions.true) if true == name]


def _gather(
    results: Results,
    predictions: Predictions,
    parts: Sequence[tuple[float, Contrast, CellValues]],
    seeds: Sequence[int],
) -> np.ndarray | None:
    """[S, N] float64: each seed's contribution of each image; None where a run has none."""
    assert results.study is not None
    total = np.zeros((len(seeds), len(predictions.paths)))
    for sign, asked, cell in parts:
        by_seed = _read_rows(results, predictions, asked, results.study.cell(cell))
        if not set(seeds) <= by_seed.keys():
            return None
        total += sign * np.array([by_seed[seed] for seed in seeds], dtype=np.float64)
    return total


def _read_rows(
    results: Results, predictions: Predictions, asked: Contrast, cell: Cell
) -> dict[int | None, np.ndarray]:
    """[N] what each image adds to a metric, for each seed of a cell that has it.

    What is right after the last epoch is in the table of predictions; the rest is in the file with
    the answers of all epochs, which runs with several folds or many images lack.
    """
    found = predictions.of(cell)
    if asked.statistic == "last" and asked.metric != LOSS:
        return {each.result.seed: each.right for each in found}
    whole = [each.result for each in found if each.result.run.artifacts]
    whole = [each for each in whole if not each.by_fold]
    places = {each.run.run_id: each.run.artifacts for each in whole}
    contents = read_contents(results.store, places, FILE, ANSWERS_BYTES)
    rows: dict[int | None, np.ndarray] = {}
    for each, content in zip(whole, contents, strict=True):
        if content is None:
            continue
        answers = read_answers(content, each.run.run_id)
        if [answers.classes[label] for label in answers.labels] == list(predictions.true):
            rows[each.seed] = _average(answers, asked, _choose_images(predictions, asked) or [])
    return rows


def _average(answers: Answers, asked: Contrast, images: Sequence[int]) -> np.ndarray:
    """[N] the mean over a statistic's epochs of whether each image is right, or of its loss."""
    values = answers.losses if asked.metric == LOSS else answers.right.astype(np.float64)
    if asked.statistic == "best":
        return spread(answers, values, np.isin(np.arange(len(answers.labels)), images))
    return np.asarray(values[-EPOCHS[asked.statistic] :].mean(axis=0))

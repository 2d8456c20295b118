"""The best epoch, judged on other images than those that chose it.

An epoch that is chosen by its accuracy on some images looks better on these than it is, as luck
helped to choose it. So the validation images are halved: one half chooses, the other judges, then
the other way round, and that is averaged over fixed random halves (two-fold cross-validation of the
choice, repeated: S. Arlot and A. Celisse, A survey of cross-validation procedures for model
selection, Statistics Surveys 4, 2010, section 4.3).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hhexp.experiment.answers import FILE, Answers, read_answers
from hhexp.experiment.scores import score, score_by_class
from hhexp.limits import ANSWERS_BYTES
from hhexp.tracking.artifacts import read_contents
from hhexp.tracking.names import make_names
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation

HALVINGS = 50
"""How often the images are halved; each time both halves choose."""
SCORED = 10
"""In how many of them scikit-learn measures what it takes its time for: 5 ms and more each."""
SEED = 0
"""Of the halves: the same for every run on the same images."""


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What the halves of a run's validation images choose, and what the others say of it."""

    epochs: np.ndarray
    """[2 · HALVINGS] int64: the chosen epochs, from 1."""
    values: Mapping[str, float]
    """Validation metrics of the chosen epochs, each on the half that did not choose: their means,
    by the names that a run logs them under."""

    def measure(self, history: Mapping[str, Sequence[float]], metric: str) -> float:
        """A metric at the best epoch; NaN where some chosen epoch has none.

        What is not of the validation, such as a training loss, is the mean over the chosen epochs.
        Of the validation those metrics have NaN that ``cross_fit_scores`` gives.
        """
        if metric in self.values or metric.startswith("val/"):
            return self.values.get(metric, math.nan)
        values = np.asarray(history.get(metric, ()), np.float64)
        if len(values) < self.epochs.max():
            return math.nan
        return float(values[self.epochs - 1].mean())


def halve(labels: np.ndarray) -> np.ndarray:
    """[HALVINGS, N] bool: which images are in the first half, of each class half (±1).

    Args:
        labels: [N] the images' classes.
    """
    halves = np.zeros((HALVINGS, len(labels)), bool)
    for number, half in enumerate(halves):
        shuffled = np.random.default_rng([SEED, number]).permutation(len(labels))
        by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
        half[by_class[number % 2 :: 2]] = True
    return halves


def cross_fit(answers: Answers) -> CrossFit | None:
    """Choose the epochs by accuracy, the first of equals; None of fewer than two images."""
    if len(answers.labels) < 2:
        return None
    chosen, judging = _choose(answers)

    def average(values: np.ndarray, among: np.ndarray) -> float:
        return float(_share(chosen, judging & among, values).sum()) if among.any() else math.nan

    every = np.ones(len(answers.labels), bool)
    values = {
        "val/accuracy": average(answers.right, every),
        "val/loss": average(answers.losses, every),
    }
    for index, name in enumerate(answers.classes):
        values[f"val/recall/{name}"] = average(answers.right, answers.labels == index)
    return CrossFit(chosen + 1, _name(values))


def spread(answers: Answers, values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """What each image adds to a metric at the best epoch.

    Args:
        answers: of at least two images; they choose the epochs.
        values: [E, N] what the metric is the mean of.
        among: [N] bool: of which images.

    Returns:
        [N] float64, 0 where an image is not among these. Their mean over those that are is the
        metric.
    """
    chosen, judging = _choose(answers)
    return _share(chosen, judging & among, values) * among.sum()


def _share(chosen: np.ndarray, judging: np.ndarray, values: np.ndarray) -> np.ndarray:
    """[N] each image's share in the mean, over the halves that have images, of the mean over their
    images of values [E, N] at the epoch that the other half chose."""
    counts = judging.sum(axis=1)
    used = counts > 0
    at_best = np.where(judging[used], values[chosen[used]], 0)
    shares: np.ndarray = (at_best / counts[used, None]).mean(axis=0)
    return shares


def cross_fit_scores(answers: Answers) -> dict[str, float]:
    """What ``CrossFit.values`` leaves out: F1, areas and so on, over ``SCORED`` halvings."""
    chosen, judging = _choose(answers)
    both = np.r_[:SCORED, HALVINGS : HALVINGS + SCORED]
    found: dict[str, list[float]] = {}
    for epoch, half in zip(chosen[both], judging[both], strict=True):
        labels = answers.labels[half]
        probabilities = answers.probabilities[epoch][half]
        judged = Evaluation(probabilities, np.zeros(len(labels), np.float32), labels)
        for name, value in {**score(judged), **score_by_class(judged, answers.classes)}.items():
            found.setdefault(f"val/{name}", []).append(value)
    return _name({name: float(np.mean(values)) for name, values in found.items()})


def read_fits(store: Store, runs: Sequence[StoredRun]) -> dict[str, CrossFit]:
    """The cross-fitted best epochs of those runs that have the answers of all epochs, by ID.

    Raises:
        UserError: a run's answers are damaged.
    """
    places = {run.run_id: run.artifacts for run in runs if run.artifacts}
    contents = read_contents(store, places, FILE, ANSWERS_BYTES)
    found = {
        run_id: cross_fit(read_answers(content, run_id))
        for run_id, content in zip(places, contents, strict=True)
        if content is not None
    }
    return {run_id: fit for run_id, fit in found.items() if fit}


def read_scores(store: Store, run: StoredRun) -> dict[str, float]:
    """``cross_fit_scores`` of a run that ``read_fits`` has found.

    Raises:
        UserError: its answers are damaged.
    """
    (content,) = read_contents(store, {run.run_id: run.artifacts}, FILE, ANSWERS_BYTES)
    return cross_fit_scores(read_answers(content, run.run_id)) if content else {}


def _choose(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """The epoch, from 0, that each half chooses, [2 · HALVINGS], and the images that judge it."""
    first = halve(answers.labels)
    choosing = np.concatenate([first, ~first])
    found = choosing @ answers.right.T.astype(np.float64)
    return found.argmax(axis=1), ~choosing


def _name(values: Mapping[str, float]) -> dict[str, float]:
    """By the names that a run logs them under."""
    names = make_names(values)
    return {names[name]: value for name, value in values.items()}

"""What a model's answers are worth, beyond loss and accuracy, by scikit-learn.

Over the classes that have images; a number that the answers do not define is left out: the area
under a curve where all images are of one class, and all of them where a probability is NaN.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from hhexp.training.evaluation import Evaluation

AT_EVERY_EPOCH = 100_000
"""Images times classes up to which the areas under the curves are taken at every epoch too: as many
cost scikit-learn about a second."""
BINS = 15
"""Bins of equal width that the expected calibration error is taken over."""


def score_epoch(answers: Evaluation) -> dict[str, float]:
    """``score`` at every epoch: without the areas under curves where they would cost much."""
    return score(answers, areas=answers.probabilities.size <= AT_EVERY_EPOCH)


def score(answers: Evaluation, *, areas: bool = True) -> dict[str, float]:
    """One number of each kind.

    ``balanced_accuracy`` is the mean of the recalls, which is the macro recall; ``precision``,
    ``f1``, ``roc_auc`` and ``average_precision`` are the means over the classes, each against all
    others (macro). ``brier`` is the mean squared distance of the probabilities from the truth, 0 …
    1 with two classes and 0 … 2 with more (G. W. Brier, Monthly Weather Review 78, 1950), and
    ``calibration_error`` as ``measure_calibration`` has it.
    """
    if not len(answers.labels) or not np.isfinite(answers.probabilities).all():
        return {}
    means: dict[str, list[float]] = {}
    for kind, _, value in _score_classes(answers, areas):
        means.setdefault(kind, []).append(value)
    macro = {kind: float(np.mean(values)) for kind, values in means.items()}
    if "recall" in macro:
        macro = {"balanced_accuracy": macro.pop("recall"), **macro}
    truth = np.eye(answers.probabilities.shape[1])[answers.labels]
    distances = ((answers.probabilities - truth) ** 2).sum(axis=1)
    halves = 2 if truth.shape[1] == 2 else 1  # as scikit-learn's brier_score_loss has it
    return {
        **macro,
        "brier": float(distances.mean() / halves),
        "calibration_error": measure_calibration(answers),
    }


def score_by_class(answers: Evaluation, classes: Sequence[str]) -> dict[str, float]:
    """``precision/<class>``, ``f1/…``, ``roc_auc/…`` and ``average_precision/…``; the recalls are
    among the metrics of an evaluation already."""
    if not len(answers.labels) or not np.isfinite(answers.probabilities).all():
        return {}
    return {
        f"{kind}/{classes[index]}": value
        for kind, index, value in _score_classes(answers, areas=True)
        if kind != "recall"
    }


def measure_calibration(answers: Evaluation) -> float:
    """Expected calibration error: how far confidence is from accuracy, 0 … 1.

    Σ (n_b / N) · |accuracy_b − confidence_b| over bins of the highest probability (C. Guo et al.,
    On calibration of modern neural networks, ICML 2017, equation 3).
    """
    confidence = answers.probabilities.max(axis=1).astype(np.float64)
    right = answers.predicted == answers.labels
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _score_classes(answers: Evaluation, areas: bool) -> Iterator[tuple[str, int, float]]:
    """The kind, the class and the value of each number of a class against all others.

    None where all images are of one class. A class that is never predicted has a precision of 0.
    """
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_fscore_support,
        roc_auc_score,
    )

    present = [int(each) for each in np.unique(answers.labels)]
    if len(present) < 2:
        return
    values = precision_recall_fscore_support(
        answers.labels, answers.predicted, labels=present, average=None, zero_division=0
    )
    for kind, by_class in zip(("precision", "recall", "f1"), values, strict=False):
        for index, value in zip(present, by_class, strict=True):
            yield kind, index, float(value)
    if not areas:
        return
    for kind, rank in (("roc_auc", roc_auc_score), ("average_precision", average_precision_score)):
        for index in present:
            truth = answers.labels == index
            yield kind, index, float(rank(truth, answers.probabilities[:, index]))

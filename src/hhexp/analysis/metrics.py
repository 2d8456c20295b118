"""One number from a run's history: what a claim or a table says about a metric."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

Statistic = Literal["last", "best", "mean_last_5", "swing", "gap", "median", "total"]
STATISTICS: tuple[str, ...] = get_args(Statistic)
SELECTED_BY = "val/accuracy"
"""The best epoch is the one where this is highest, the earliest of equals."""
LATE = 5
"""Epochs in mean_last_5 and gap."""
LEARNED = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
"""Metrics that are numbers in every epoch, unless the run diverged."""
INFINITE = 1.7e308
"""MLflow keeps an infinite value as the largest float."""

MEANINGS: dict[str, str] = {
    "last": "at the last epoch",
    "best": "at the best epoch",
    "mean_last_5": "mean of the last five epochs",
    "swing": "mean absolute change from one epoch to the next",
    "gap": "gap between training and validation, mean of the last five epochs",
    "median": "median over the epochs",
    "total": "sum over the epochs",
}
History = Mapping[str, Sequence[float]]
"""A run's metrics, each from epoch 1 on."""


def measure(history: History, metric: str, statistic: str) -> float:
    """A statistic of a metric; NaN where the run does not have it.

    A value that is NaN or infinite, in any epoch that a statistic is taken over, makes it NaN: the
    last epoch of a run that diverged is never replaced by an earlier one.

    ``gap`` is positive where training looks better than validation: train − validation for an
    accuracy or a recall, validation − train for a loss.

    Args:
        history: of one run.
        metric: such as val/accuracy; for ``gap``, the validation's.
        statistic: one of STATISTICS.
    """
    values = mask_infinite(history.get(metric, ()))
    if not len(values):
        return math.nan
    if statistic == "last":
        return float(values[-1])
    if statistic == "best":
        epoch = best_epoch(history)
        return float(values[epoch - 1]) if epoch and epoch <= len(values) else math.nan
    if statistic == "mean_last_5":
        return _mean_late(values)
    if statistic == "swing":
        return float(np.abs(np.diff(values)).mean()) if len(values) > 1 else math.nan
    if statistic == "gap":
        name = metric.partition("/")[2]
        train = mask_infinite(history.get(f"train/{name}", ()))
        gap = _mean_late(train) - _mean_late(values) if len(train) else math.nan
        return -gap if name == "loss" else gap
    if statistic == "median":
        return float(np.median(values))
    if statistic == "total":
        return float(values.sum())
    raise ValueError(f"no statistic {statistic!r}; available: {', '.join(STATISTICS)}")


def best_epoch(history: History) -> int | None:
    """The epoch of the highest validation accuracy, the earliest of equals."""
    values = mask_infinite(history.get(SELECTED_BY, ()))
    if not len(values) or np.isnan(values).all():
        return None
    return int(np.nanargmax(values)) + 1


def diverged_at(history: History) -> int | None:
    """The first epoch in which a loss or an accuracy is NaN or infinite; None where none is."""
    curves = (mask_infinite(history.get(metric, ())) for metric in LEARNED)
    lost = [int(np.isnan(curve).argmax()) + 1 for curve in curves if np.isnan(curve).any()]
    return min(lost, default=None)


def mask_infinite(values: Sequence[float]) -> np.ndarray:
    """Values as [E] float64, with NaN in the place of what is infinite."""
    known = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(known) < INFINITE, known, math.nan)


def _mean_late(values: np.ndarray) -> float:
    return float(values[-LATE:].mean())

"""One number from a run's history: what a claim or a table says of a metric."""

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

MEANINGS: dict[str, str] = {
    "last": "at the last epoch",
    "best": "at the best epoch",
    "mean_last_5": "mean of the last five epochs",
    "swing": "mean absolute change from one epoch to the next",
    "gap": "training against validation, mean of the last five epochs",
    "median": "median over the epochs",
    "total": "sum over the epochs",
}
History = Mapping[str, Sequence[float]]
"""A run's metrics, each from epoch 1 on."""


def measure(history: History, metric: str, statistic: str) -> float:
    """A statistic of a metric; NaN where the run does not have it.

    ``gap`` is positive where training looks better than validation: train − validation for an
    accuracy or a recall, validation − train for a loss.

    Args:
        history: of one run.
        metric: such as val/accuracy; for ``gap``, the validation's.
        statistic: one of STATISTICS.
    """
    values = np.asarray(history.get(metric, ()), dtype=np.float64)
    if not len(values) or np.isnan(values).all():
        return math.nan
    if statistic == "last":
        return float(values[~np.isnan(values)][-1])
    if statistic == "best":
        epoch = best_epoch(history)
        return float(values[epoch - 1]) if epoch and epoch <= len(values) else math.nan
    if statistic == "mean_last_5":
        return _late(values)
    if statistic == "swing":
        changes = np.abs(np.diff(values))
        return float(np.nanmean(changes)) if np.isfinite(changes).any() else math.nan
    if statistic == "gap":
        name = metric.partition("/")[2]
        train = np.asarray(history.get(f"train/{name}", ()), dtype=np.float64)
        gap = _late(train) - _late(values) if len(train) else math.nan
        return -gap if name == "loss" else gap
    if statistic == "median":
        return float(np.nanmedian(values))
    if statistic == "total":
        return float(np.nansum(values))
    raise ValueError(f"no statistic {statistic!r}; there are {', '.join(STATISTICS)}")


def best_epoch(history: History) -> int | None:
    """The epoch of the highest validation accuracy, the earliest of equals."""
    values = np.asarray(history.get(SELECTED_BY, ()), dtype=np.float64)
    if not len(values) or np.isnan(values).all():
        return None
    return int(np.nanargmax(values)) + 1


def _late(values: np.ndarray) -> float:
    late = values[-LATE:]
    return float(np.nanmean(late)) if np.isfinite(late).any() else math.nan

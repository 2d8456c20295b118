"""The metrics that an epoch can be chosen by, and which way each is better."""

import math
import re
from collections.abc import Iterator, Sequence

MINIMISED = ("loss", "brier", "calibration_error", "epoch_s")
"""The ends of the names of metrics that are better where they are lower; others where higher."""
SCORES = (
    *("balanced_accuracy", "precision", "f1", "roc_auc", "average_precision", "brier"),
    "calibration_error",
)
"""What is measured of the validation at every epoch, beside loss, accuracy and recalls."""
AREAS = ("val/roc_auc", "val/average_precision")
"""Those that cost much on many images."""
RECALL = "val/recall/"
NAMES = (
    *("train/loss", "train/accuracy", "val/loss", "val/accuracy"),
    *(f"val/{score}" for score in SCORES),
    "time/epoch_s",
)
PATTERN = f"^({'|'.join(map(re.escape, NAMES))}|{RECALL}.+)$"


def is_minimised(metric: str) -> bool:
    """Whether a metric is better where it is lower."""
    return not metric.startswith(RECALL) and metric.rpartition("/")[2] in MINIMISED


def find_best(values: Sequence[float], metric: str) -> int | None:
    """The epoch, from 1, with the best value of a metric, the first of equals.

    None where no value is a number, or all are infinite and bad.
    """
    best, epoch = -math.inf, None
    for number, rank in enumerate(_rank(values, metric), start=1):
        if rank > best:
            best, epoch = rank, number
    return epoch


def find_stop(values: Sequence[float], metric: str, patience: int | None) -> int | None:
    """The epoch after which a training stops: the first that ends ``patience`` epochs in a row
    without a better value. None where it goes on.
    """
    best, since = -math.inf, 0
    for epoch, rank in enumerate(_rank(values, metric), start=1):
        if rank > best:
            best, since = rank, epoch
        elif patience is not None and epoch - since >= patience:
            return epoch
    return None


def _rank(values: Sequence[float], metric: str) -> Iterator[float]:
    """The values such that higher is better; NaN is worse than any number."""
    sign = -1 if is_minimised(metric) else 1
    return (-math.inf if math.isnan(value) else sign * value for value in values)

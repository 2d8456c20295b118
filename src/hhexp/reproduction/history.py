"""A run's history on record, read back: a verdict can trust it only if it is whole."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from hhexp.reading import Sha256, describe
from hhexp.training.state import PastEpoch

UNCOUNTED = ("time/", "perf/")
"""Metrics that say how fast a run was, and not what it learned."""


def is_counted(metric: str) -> bool:
    """Whether a metric must come back: it says what a run learned."""
    return not metric.startswith(UNCOUNTED)


def is_loss(metric: str) -> bool:
    """Whether a metric is a loss; a class may be called so too, which makes its recall none."""
    return metric.endswith("/loss") and "/recall/" not in metric


class _Epoch(BaseModel):
    """An epoch as ``log_history`` writes it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    epoch: int
    metrics: dict[str, float]
    weights: Sha256


def read_history(entries: Any) -> list[PastEpoch]:
    """The epochs on record, which other people may have edited.

    Args:
        entries: for each epoch its number, its metrics and the SHA-256 of its weights.

    Raises:
        ValueError: in one line, what is missing or is not as a run writes it.
    """
    if not isinstance(entries, list):
        raise ValueError("must be a list")
    past = [_read_epoch(number, entry) for number, entry in enumerate(entries, start=1)]
    for number, each in enumerate(past, start=1):
        if lone := sorted(each.metrics.keys() ^ past[0].metrics.keys()):
            names = ", ".join(map(repr, lone))
            raise ValueError(f"only one of the epochs 1 and {number} has {names}")
    return past


def _read_epoch(number: int, entry: Any) -> PastEpoch:
    try:
        epoch = _Epoch.model_validate(entry)
    except ValidationError as error:
        raise ValueError(f"epoch {number}: {describe(error)}") from error
    if epoch.epoch != number:
        raise ValueError(f"epoch {epoch.epoch} is where epoch {number} should be")
    return PastEpoch(epoch.metrics, epoch.weights)

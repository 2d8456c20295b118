"""The learning rate of every step: schedules as functions of the epoch, your own ones too."""

import bisect
import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from hhexp.config.registry import lr_schedule
from hhexp.config.schema import Fraction, LearningRate, Positive
from hhexp.errors import UserError, one_line

Epochs = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(gt=0, le=1)]


def list_rates(rate: LearningRate, epoch: int, *, steps: int, epochs: int) -> np.ndarray:
    """The learning rate of each step of an epoch: [steps] float32.

    Args:
        rate: the schedule and its parameters.
        epoch: from 1.
        steps: training steps in an epoch.
        epochs: of the whole run, on which a schedule may depend.

    Raises:
        UserError: the schedule fails, or gives something other than learning rates.
    """
    schedule = lr_schedule.functions[rate.schedule]
    try:
        given = np.asarray(schedule(epoch, steps, epochs, **rate.arguments), np.float32)
        rates = np.broadcast_to(given, (steps,))
    except Exception as error:
        raise UserError(
            f"lr.schedule={rate.schedule}: no rates for epoch {epoch}: {one_line(error)}"
        ) from error
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise UserError(
            f"lr.schedule={rate.schedule}: every rate must be a number ≥ 0, but epoch {epoch} has "
            f"{rates[~(np.isfinite(rates) & (rates >= 0))][0]}"
        )
    return rates


@lr_schedule
def constant(epoch: int, steps: int, epochs: int, *, value: Positive) -> float:
    """The same rate at every step."""
    return value


@lr_schedule
def step(
    epoch: int,
    steps: int,
    epochs: int,
    *,
    value: Positive,
    every: Epochs,
    factor: Factor,
    milestones: list[Epochs] | None = None,
) -> float:
    """``value``, times ``factor`` after every ``every`` epochs, or after each of ``milestones``."""
    drops = (epoch - 1) // every
    if milestones is not None:
        drops = bisect.bisect_left(sorted(milestones), epoch)
    return value * factor**drops


@lr_schedule
def cosine(
    epoch: int, steps: int, epochs: int, *, value: Positive, final_fraction: Fraction
) -> Sequence[float]:
    """Half a cosine from ``value`` down to ``final_fraction`` of it after the last step."""
    first, last = (epoch - 1) * steps, epochs * steps
    return [_fall(value, final_fraction, at / last) for at in range(first, first + steps)]


@lr_schedule
def warmup_cosine(
    epoch: int,
    steps: int,
    epochs: int,
    *,
    value: Positive,
    final_fraction: Fraction,
    warmup: Epochs,
) -> Sequence[float]:
    """A straight line up to ``value`` in ``warmup`` epochs, then ``cosine`` over the others."""
    first, top, last = (epoch - 1) * steps, warmup * steps, epochs * steps
    return [
        value * (at + 1) / top
        if at < top
        else _fall(value, final_fraction, (at - top) / (last - top))
        for at in range(first, first + steps)
    ]


def _fall(value: float, final_fraction: float, share: float) -> float:
    """The cosine at a share of its way, 0 … 1 (Loshchilov & Hutter 2017, SGDR, equation 5)."""
    return value * (final_fraction + (1 - final_fraction) * (1 + math.cos(math.pi * share)) / 2)

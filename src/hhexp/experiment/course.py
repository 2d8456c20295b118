"""A run's epochs so far: which is the best, with its weights, and whether the training stops."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hhexp.config.objective import find_best, find_stop
from hhexp.config.schema import Config
from hhexp.training.state import Best, PastEpoch

if TYPE_CHECKING:
    import keras

LOSSES = ("train/loss", "val/loss")


class Course:
    """The epochs of a run in training."""

    def __init__(self, config: Config) -> None:
        """No epoch yet."""
        self.past: list[PastEpoch] = []
        self.best: Best | None = None
        """None where no epoch has a number for the objective."""
        self.cut = ""
        """Why a search has ended it; empty where none has."""
        self._objective = config.objective
        self._patience = config.stopping.patience

    @property
    def values(self) -> list[float]:
        """The objective after each epoch; NaN where it was not measured."""
        return [epoch.measured.get(self._objective, math.nan) for epoch in self.past]

    @property
    def stopped(self) -> bool:
        """Whether no further epoch is trained, though more were asked for."""
        return bool(self.cut) or self._has_lost_patience

    @property
    def _has_lost_patience(self) -> bool:
        return find_stop(self.values, self._objective, self._patience) is not None

    @property
    def diverged(self) -> str:
        """The loss that is not a finite number after the last epoch; empty where all are."""
        return find_diverged(self.past[-1].metrics)

    def add(self, epoch: PastEpoch, model: "keras.Model") -> None:
        """Take down an epoch, after which the model is as it is now."""
        self.past.append(epoch)
        if find_best(self.values, self._objective) == len(self.past):
            self.best = Best.of(model, len(self.past))

    def take_up(
        self, past: Sequence[PastEpoch], best: Best | None, model: "keras.Model"
    ) -> str | None:
        """Go on from a state, which the model was given.

        Returns:
            why it cannot be gone on from, in a few words; None where it can.
        """
        course = [epoch.measured.get(self._objective, math.nan) for epoch in past]
        stop = find_stop(course, self._objective, self._patience)
        if stop is not None and stop < len(past):
            return f"is beyond epoch {stop}, after which the training stops"
        number = find_best(course, self._objective)
        if number == len(past):
            best = Best.of(model, number)
        elif number is None:
            best = None
        elif best is None or best.epoch != number:
            return f"lacks the model after epoch {number}, the best by {self._objective}"
        self.past, self.best = list(past), best
        return None

    def say_why_stopped(self) -> str:
        """Why no further epoch was trained; empty where all were."""
        if self.cut or not self._has_lost_patience:
            return self.cut
        since = f"better than after epoch {self.best.epoch}" if self.best else "a number"
        return (
            f"stopped after epoch {len(self.past)}: {self._objective} was not {since} for "
            f"{self._patience} epoch{'' if self._patience == 1 else 's'}"
        )


def find_diverged(metrics: Mapping[str, float]) -> str:
    """The loss of an epoch that is not a finite number; empty where all are."""
    return next((name for name in LOSSES if not math.isfinite(metrics.get(name, 0))), "")


@contextmanager
def hold(model: "keras.Model", best: Best) -> Iterator[None]:
    """Let a model have the best epoch's weights for a while."""
    last = Best.of(model, 0)
    best.put(model)
    try:
        yield
    finally:
        last.put(model)

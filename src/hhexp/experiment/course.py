"""A run's epochs so far: which is the best, with its weights, and whether the training stops."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hhexp.config.objective import find_best, find_stop
from hhexp.config.schema import Config
from hhexp.training.state import Best, PastEpoch

if TYPE_CHECKING:
    import keras


class Course:
    """The epochs of a run in training."""

    def __init__(self, config: Config) -> None:
        """No epoch yet."""
        self.past: list[PastEpoch] = []
        self.best: Best | None = None
        """None where no epoch has a number for the objective."""
        self._objective = config.objective
        self._patience = config.stopping.patience

    @property
    def values(self) -> list[float]:
        """The objective after each epoch; NaN where it was not measured."""
        return [epoch.measured.get(self._objective, math.nan) for epoch in self.past]

    @property
    def stopped(self) -> bool:
        """Whether no further epoch is trained, though more were asked for."""
        return find_stop(self.values, self._objective, self._patience) is not None

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
        if not self.stopped:
            return ""
        since = f"better than after epoch {self.best.epoch}" if self.best else "a number"
        return (
            f"stopped after epoch {len(self.past)}: {self._objective} was not {since} for "
            f"{self._patience} epoch{'' if self._patience == 1 else 's'}"
        )


@contextmanager
def hold(model: "keras.Model", best: Best) -> Iterator[None]:
    """Let a model have the best epoch's weights for a while."""
    last = Best.of(model, 0)
    best.put(model)
    try:
        yield
    finally:
        last.put(model)

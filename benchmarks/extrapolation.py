"""From a short program and an epoch's seconds to those that a long program would take."""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One training inside a program."""

    group: str
    """Runs of one group are trained one after the other."""
    epochs_s: tuple[float, ...]
    """Seconds of each epoch that it trained itself."""
    seconds: float
    """From its start to its end."""

    @property
    def other_s(self) -> float:
        """What was not training: logging, states, pictures, the model."""
        return self.seconds - sum(self.epochs_s)

    def training_s(self, epochs: int, pace_s: float) -> float:
        """Seconds that so many epochs would take at another pace, in seconds per epoch.

        What the first epoch took more than the others is added once, since it sets things up.
        """
        own = statistics.fmean(self.epochs_s[1:] or self.epochs_s)
        return self.epochs_s[0] - own + epochs * pace_s


@dataclass(frozen=True)
class Program:
    """A program that ran to its end."""

    seconds: float
    runs: tuple[Run, ...]

    def whole_s(
        self,
        epochs: int,
        paces_s: Mapping[str, float],
        *,
        other_s: float | None = None,
        at_once: int = 1,
    ) -> float:
        """Seconds that the program would take if each run had so many epochs, at another pace.

        Args:
            epochs: of each run.
            paces_s: seconds of an epoch, of each group.
            other_s: seconds of a run beside its training; None for those measured.
            at_once: how many groups are trained at once.
        """
        path = max if at_once > 1 else sum
        before, after = defaultdict[str, float](float), defaultdict[str, float](float)
        for run in self.runs:
            before[run.group] += run.seconds
            after[run.group] += run.training_s(epochs, paces_s[run.group])
            after[run.group] += run.other_s if other_s is None else other_s
        start = self.seconds - path(before.values())
        return start + path(after.values())

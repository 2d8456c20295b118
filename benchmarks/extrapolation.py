"""From a short program that was measured to the seconds that a long one would take."""

import statistics
from collections import defaultdict
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

    def training_s(self, epochs: int, scale: float) -> float:
        """Seconds that so many epochs would take, each on ``scale`` times as many images.

        Each takes the mean of the epochs after the first. What the first took on top is added once,
        since it sets things up. For the run's own epochs and images this is what was measured.
        """
        pace = statistics.fmean(self.epochs_s[1:] or self.epochs_s)
        return self.epochs_s[0] - pace + epochs * pace * scale


@dataclass(frozen=True)
class Program:
    """A program that ran to its end."""

    seconds: float
    runs: tuple[Run, ...]

    def whole_s(
        self, epochs: int, scale: float, *, other_s: float | None = None, at_once: int = 1
    ) -> float:
        """Seconds that the program would take if each run had so many epochs on more data.

        Args:
            epochs: of each run.
            scale: how many times as many images.
            other_s: seconds of a run beside its training; None for those measured.
            at_once: how many groups are trained at once.
        """
        path = max if at_once > 1 else sum
        before, after = defaultdict[str, float](float), defaultdict[str, float](float)
        for run in self.runs:
            before[run.group] += run.seconds
            after[run.group] += run.training_s(epochs, scale)
            after[run.group] += run.other_s if other_s is None else other_s
        start = self.seconds - path(before.values())
        return start + path(after.values())

"""What is known of a sweep while it runs: where each run stands, and how long the rest takes."""

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import mean, median

from hhexp.display.events import (
    EpochDone,
    Event,
    Notice,
    Phase,
    RunAwaited,
    RunChosen,
    RunEnded,
    RunLost,
    RunStarted,
    StepDone,
)

UNTIMED_STEPS = 2
"""The first steps of an epoch trace graphs and fill caches, so they are not timed."""
TIMED_STEPS = 3
"""Steps to time before a first estimate."""
WITH_VALIDATION = 1.1
"""An epoch over its training steps, until one has been timed: validation is about a tenth."""


@dataclass(frozen=True)
class PlannedRun:
    """A planned run: its key, such as ``aug=full epochs=15``, and the epochs it has to train."""

    key: str
    epochs: int


@dataclass
class RunProgress:
    """Where a job stands; times are readings of the sweep's clock, in seconds."""

    key: str
    epochs: int
    """Epochs to train: those that are reused do not count."""
    began: float | None = None
    ended: float | None = None
    status: str = ""
    note: str = ""
    run_id: str | None = None
    first_epoch: int = 1
    steps: int = 0
    trained: int = 0
    step: int = 0
    phase: str = ""
    train: tuple[float, float] | None = None
    """Last training loss and accuracy."""
    val: tuple[float, float] | None = None
    """Last validation loss and accuracy."""
    epoch_seconds: list[float] = field(default_factory=list)
    timed_from: tuple[int, float] | None = None
    step_s: float | None = None

    @property
    def epoch(self) -> int:
        """The epoch in training, counted from the first of all."""
        return min(self.first_epoch + self.trained, self.last_epoch)

    @property
    def last_epoch(self) -> int:
        return self.first_epoch + self.epochs - 1

    @property
    def progress(self) -> float:
        """Epochs trained, the part of the current one included."""
        return self.trained + (self.step / self.steps if self.steps else 0.0)

    @property
    def epoch_s(self) -> float | None:
        """Seconds per epoch: of the last ones, or from the first epoch's steps; None if unknown."""
        if self.epoch_seconds:
            return median(self.epoch_seconds[-5:])
        return self.step_s * self.steps * WITH_VALIDATION if self.step_s else None

    def left(self, epoch_s: float | None = None) -> float | None:
        """Seconds of training left; ``epoch_s`` stands in for an epoch not timed yet."""
        seconds = self.epoch_s or epoch_s
        return None if seconds is None else max(0.0, self.epochs - self.progress) * seconds

    def time_step(self, step: int, now: float) -> None:
        """Note when a step of the first epoch ended."""
        if self.timed_from is None:
            if step >= UNTIMED_STEPS:
                self.timed_from = (step, now)
        elif step >= self.timed_from[0] + TIMED_STEPS:
            self.step_s = (now - self.timed_from[1]) / (step - self.timed_from[0])


class Progress:
    """The jobs of a sweep, brought up to date by the events of their runs."""

    def __init__(
        self, jobs: Sequence[PlannedRun], workers: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.runs = {job.key: RunProgress(job.key, job.epochs) for job in jobs}
        self.workers = workers
        self._clock = clock
        self._began = clock()
        self._noticed = ""

    @property
    def elapsed(self) -> float:
        """Seconds since the sweep began."""
        return self._clock() - self._began

    @property
    def running(self) -> list[RunProgress]:
        return [run for run in self.runs.values() if run.began is not None and run.ended is None]

    @property
    def ended(self) -> list[RunProgress]:
        return [run for run in self.runs.values() if run.ended is not None]

    @property
    def done(self) -> list[RunProgress]:
        """Those that have ended and were not interrupted."""
        return [run for run in self.ended if run.status != "KILLED"]

    @property
    def epochs(self) -> int:
        """Epochs to train in all runs, trained ones included."""
        return sum(run.epochs for run in self.runs.values())

    @property
    def progress(self) -> float:
        """Epochs trained in all runs, parts included."""
        return sum(run.progress for run in self.runs.values())

    def left(self) -> float | None:
        """Seconds until all runs have ended; None until some steps have been timed.

        Runs not timed yet count with the mean of the others; the waiting ones go, in their order,
        to the worker that is free first.
        """
        waiting = [run for run in self.runs.values() if run.began is None and run.ended is None]
        if not waiting and not self.running:
            return 0.0
        timed = [run.epoch_s for run in self.runs.values() if run.epoch_s is not None]
        if not timed:
            return None
        epoch_s = mean(timed)
        busy = [run.left(epoch_s) or 0.0 for run in self.running]
        busy += [0.0] * (self.workers - len(busy))
        heapq.heapify(busy)
        for run in waiting:
            heapq.heapreplace(busy, busy[0] + self._mean_overhead() + run.epochs * epoch_s)
        return max(busy)

    def _mean_overhead(self) -> float:
        """Mean seconds that a finished run took beside its epochs: set-up, logging the model."""
        seconds = [
            run.ended - run.began - sum(run.epoch_seconds)
            for run in self.ended
            if run.began is not None and run.ended is not None and run.epoch_seconds
        ]
        return max(0.0, mean(seconds)) if seconds else 0.0

    def take_notice(self, notice: Notice) -> str | None:
        """What to print of a notice; None where another run has just said the same."""
        before, self._noticed = self._noticed, notice.text
        return None if notice.text == before else notice.text

    def update(self, event: Event) -> RunProgress:
        """Take in an event, and return the run that it is about."""
        now = self._clock()
        if isinstance(event, RunChosen):
            self.runs.pop(event.planned, None)
            return self.runs.setdefault(event.job, RunProgress(event.job, event.epochs))
        run = self.runs.setdefault(event.job, RunProgress(event.job, 0))
        if run.began is None and not isinstance(event, RunEnded):
            run.began = now
        match event:
            case RunStarted():
                run.run_id, run.steps, run.first_epoch = (
                    event.run_id,
                    event.steps,
                    event.first_epoch,
                )
                run.epochs = event.epochs - event.first_epoch + 1
                # Another process's epochs, where they were awaited; or it was lost before.
                run.trained, run.step, run.timed_from = 0, 0, None
                run.phase = _describe_start(event)
            case RunAwaited():
                run.phase = f"waits for run {event.run_id[:8]}: {event.trainer}"
            case Phase():
                run.phase = event.text
            case RunLost():
                run.phase = event.note
            case StepDone():
                run.phase, run.step = "", event.step
                run.train = (event.loss, event.accuracy)
                if not run.trained:
                    run.time_step(event.step, now)
            case EpochDone():
                run.phase, run.step = "", 0
                run.trained = event.epoch - run.first_epoch + 1
                run.train = (event.metrics["train/loss"], event.metrics["train/accuracy"])
                run.val = (event.metrics["val/loss"], event.metrics["val/accuracy"])
                run.epoch_seconds.append(event.metrics["time/epoch_s"])
            case RunEnded():
                run.ended, run.status, run.note = now, event.status, event.note
                run.run_id = event.run_id or run.run_id
                run.epochs, run.step = run.trained, 0  # the rest will not be trained
        return run


def _describe_start(event: RunStarted) -> str:
    if event.first_epoch > 1:
        return f"continues from epoch {event.first_epoch - 1}"
    return "starting epoch 1"

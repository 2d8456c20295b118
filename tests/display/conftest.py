import pytest

from hhexp.display.events import EpochDone, RunStarted, StepDone


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


class Training:
    """Sends a run's events to a display or a sweep, and lets the clock go on meanwhile."""

    def __init__(self, report, clock, job, epochs, *, first_epoch=1, step_s=1.0):
        self.report, self.clock, self.job, self.step_s = report, clock, job, step_s
        report(RunStarted(job, "0123456789abcdef", first_epoch, epochs, 30))

    def steps(self, epoch, first, last):
        for step in range(first, last + 1):
            self.clock.wait(self.step_s)
            self.report(StepDone(self.job, epoch, step, 0.61, 0.66))

    def epoch(self, epoch):
        self.steps(epoch, 1, 30)
        self.end_epoch(epoch)

    def end_epoch(self, epoch):
        metrics = {"train/loss": 0.5, "train/accuracy": 0.75, "val/loss": 0.4}
        metrics |= {"val/accuracy": 0.8125, "time/epoch_s": 30 * self.step_s}
        self.report(EpochDone(self.job, epoch, metrics))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def training():
    return Training

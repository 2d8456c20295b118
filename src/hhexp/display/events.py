"""What a training reports while it runs: small events that can be pickled between processes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunChosen:
    """A search has chosen what a planned run is to be: it has its final key from now on."""

    job: str
    planned: str
    """Its key until now."""
    epochs: int


@dataclass(frozen=True)
class RunStarted:
    """A run starts to train; epochs before ``first_epoch`` were reused from a saved state."""

    job: str
    run_id: str
    first_epoch: int
    epochs: int
    steps: int
    """Training steps (batches) in an epoch."""


@dataclass(frozen=True)
class RunAwaited:
    """Another process trains the run that a job asks for: its epochs are reported as they end."""

    job: str
    run_id: str
    trainer: str
    """Says which process that is."""


@dataclass(frozen=True)
class StepDone:
    """A training step ended; loss and accuracy are the epoch's running means."""

    job: str
    epoch: int
    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch, its validation included, ended."""

    job: str
    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class StateSaved:
    """The state after an epoch is in the store, where other runs can start from it."""

    job: str
    epoch: int


@dataclass(frozen=True)
class Phase:
    """Something other than an epoch is going on, such as reading the images."""

    job: str
    text: str


@dataclass(frozen=True)
class Notice:
    """Something that a person should know while a run goes on, in a line."""

    job: str
    text: str


@dataclass(frozen=True)
class RunEnded:
    """A run ended as FINISHED, FAILED or KILLED; ``note`` is the error, or what was reused.

    Or as STOPPED, where a search has ended it before its last epoch, which is no failure.
    ``objective`` is the last value of the metric that a sweeper searches by.
    """

    job: str
    run_id: str | None
    status: str
    note: str
    objective: float | None = None


@dataclass(frozen=True)
class RunLost:
    """The process or the machine that trained a run was lost; another one will go on with it."""

    job: str
    note: str


Event = (
    RunChosen
    | RunStarted
    | RunAwaited
    | StepDone
    | EpochDone
    | StateSaved
    | Phase
    | Notice
    | RunLost
    | RunEnded
)
Report = Callable[[Event], None]


@dataclass(frozen=True)
class Question:
    """A run of a search tells what it has come to, and asks whether it is to go on."""

    job: str
    values: tuple[float, ...]
    """The objective after each epoch so far; NaN where it was not measured."""
    diverged: str = ""
    """The loss that is not a finite number any more; empty where all are."""
    ended: bool = False
    """Whether no further epoch is to be trained, whatever the answer is."""


Judge = Callable[[Question], str]
"""Says in one line why a run is to end now; says nothing where it is to go on."""


def go_on(question: Question) -> str:
    """Let every run train all its epochs."""
    return ""

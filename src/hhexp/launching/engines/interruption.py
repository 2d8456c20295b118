"""Ctrl-C while a run trains: it is noted, and the run stops between two steps.

Raised wherever it came, it would break into MLflow's writing to its database, which then waits a
minute for its own lock.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from hhexp.display.events import EpochDone, Event, Phase, StepDone

_noted = threading.Event()


def note() -> None:
    """The run in training should stop."""
    _noted.set()


def is_noted() -> bool:
    """Whether the run in training should stop."""
    return _noted.is_set()


def check(event: Event) -> None:
    """Stop the run that reports an event of its training, if it should.

    Raises:
        KeyboardInterrupt: it should. Not in a thread that logs the results of a run before.
    """
    in_training = isinstance(event, Phase | StepDone | EpochDone)
    if in_training and _noted.is_set() and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


@contextlib.contextmanager
def note_first_signal() -> Iterator[None]:
    """Note the first Ctrl-C in this process; the second ends it at once, wherever it is."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def heard(number: int, frame: FrameType | None) -> None:
        if _noted.is_set():
            raise KeyboardInterrupt
        note()

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, heard)
    try:
        yield
    finally:
        _noted.clear()
        for number, handler in before.items():
            signal.signal(number, handler)

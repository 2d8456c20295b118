"""Ctrl-C is noted at once, and stops a run where nothing is being written."""

import os
import signal
import threading

import pytest

from hhexp.display.events import EpochDone, Phase, RunEnded, StateSaved, StepDone
from hhexp.launching.engines import interruption

STEP = StepDone("job", 1, 1, 0.5, 0.5)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("event", [STEP, EpochDone("job", 1, {}), Phase("job", "reading")])
def test_the_first_is_noted_and_stops_the_run_at_its_next_event(event: object) -> None:
    with interruption.note_first_signal():
        interruption.check(event)  # type: ignore[arg-type]
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interruption.check(event)  # type: ignore[arg-type]
    interruption.check(event)  # type: ignore[arg-type]


def test_what_is_said_of_a_runs_end_and_states_stops_nothing() -> None:
    with interruption.note_first_signal():
        interrupt()
        interruption.check(StateSaved("job", 1))
        interruption.check(RunEnded("job", "run", "KILLED", "interrupted"))


def test_a_thread_that_logs_results_goes_on() -> None:
    failed: list[BaseException] = []

    def log() -> None:
        try:
            interruption.check(STEP)
        except BaseException as error:
            failed.append(error)

    with interruption.note_first_signal():
        interrupt()
        thread = threading.Thread(target=log)
        thread.start()
        thread.join()
    assert failed == []


def test_the_second_ends_at_once_and_afterwards_all_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruption.note_first_signal():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interruption.note_first_signal():
            os.kill(os.getpid(), signal.SIGTERM)
            interruption.check(STEP)
    finally:
        signal.signal(signal.SIGTERM, before)

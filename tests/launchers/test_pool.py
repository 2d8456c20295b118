"""A job whose process dies gets an outcome, and its run an end."""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from hhexp import experiment
from hhexp.experiment import Job, Outcome
from hhexp.launchers import pool
from hhexp.training.progress import Event, Report, RunEnded, RunStarted


class Mortal:
    """A worker that dies in the job "fatal", and whose last words come late."""

    def __init__(self, slot: str) -> None:
        self.last_words: list[Callable[[], None]] = []

    def __enter__(self) -> "Mortal":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.last_words:
            each()

    def listen(self, report: Report) -> None:
        self.report = report

    def train(self, job: Job, parent_id: str | None) -> Outcome:
        started = RunStarted(job.key, f"run of {job.key}", 1, 2, 3)
        self.last_words.append(lambda: self.report(started))
        if job.key == "fatal":
            raise BrokenProcessPool
        return Outcome(job.key, started.run_id, "FINISHED", None, "")


def test_the_run_of_a_dead_process_is_ended_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[Any] = []
    heard: list[Event] = []
    monkeypatch.setattr(pool, "Worker", Mortal)
    monkeypatch.setattr(experiment, "mark_dead", lambda job, *rest: ended.append(rest[:2]))
    jobs = [Job(key, {}, (), {}) for key in ("one", "fatal", "three")]
    outcomes = pool.run_groups([jobs], slots=[""], report=heard.append)
    assert [outcomes[job.key].status for job in jobs] == ["FINISHED", "FAILED", "FINISHED"]
    assert ended == [("run of fatal", "FAILED")]
    assert [event.run_id for event in heard if isinstance(event, RunEnded)] == ["run of fatal"]

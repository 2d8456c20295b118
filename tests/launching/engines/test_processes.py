"""A job whose process dies gets an outcome; the next group's process starts in good time."""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from hhexp import experiment
from hhexp.config.schema import Config, Runtime
from hhexp.display.events import EpochDone, Event, Report, RunEnded, RunStarted
from hhexp.experiment import Job, Outcome
from hhexp.launching.engines import processes
from hhexp.launching.engines.processes import Processes

RUNTIME = Runtime(device="cpu", threads=1, precision="float32", isa="native")
OTHER = RUNTIME.model_copy(update={"threads": 2})


def job(key: str, runtime: Runtime) -> Job:
    """A job of which nothing but its runtime counts here."""
    return Job(key, Config.model_construct(runtime=runtime))


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
    monkeypatch.setattr(processes, "Worker", Mortal)
    monkeypatch.setattr(experiment, "mark_dead", lambda job, *rest: ended.append(rest[:2]))
    jobs = [job(key, RUNTIME) for key in ("one", "fatal", "three")]
    engine = Processes()
    monkeypatch.setattr(engine, "_slots", [""])
    outcomes = engine.run([jobs], heard.append)
    assert [outcomes[job.key].status for job in jobs] == ["FINISHED", "FAILED", "FINISHED"]
    assert ended == [("run of fatal", "FAILED")]
    assert [event.run_id for event in heard if isinstance(event, RunEnded)] == ["run of fatal"]


@pytest.mark.parametrize(
    ("slot", "runtime_of_b", "order"),
    [
        ("", RUNTIME, ["start", "train a1", "train a2", "start", "end", "train b", "end"]),
        ("", OTHER, ["start", "train a1", "train a2", "end", "start", "train b", "end"]),
        ("0", RUNTIME, ["start", "train a1", "train a2", "end", "start", "train b", "end"]),
    ],
    ids=["on a CPU", "where jobs run on different things", "on a GPU"],
)
def test_the_next_group_has_its_process_while_the_one_before_logs_its_results(
    slot: str, runtime_of_b: Runtime, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Timed:
        """A worker that trains two epochs a job."""

        def __init__(self, slot: str) -> None:
            said.append("start")

        def __enter__(self) -> "Timed":
            return self

        def __exit__(self, *_: object) -> None:
            said.append("end")

        def import_ahead(self, wanted: Runtime) -> None:
            assert wanted is RUNTIME

        def listen(self, report: Report) -> None:
            self.report = report

        def train(self, job: Job, parent_id: str | None) -> Outcome:
            said.append(f"train {job.key}")
            self.report(RunStarted(job.key, "run", 1, 2, 3))
            for epoch in (1, 2):
                self.report(EpochDone(job.key, epoch, {}))
            return Outcome(job.key, "run", "FINISHED", None, "")

    monkeypatch.setattr(processes, "Worker", Timed)
    monkeypatch.setattr(processes, "list_slots", lambda kinds, threads: [slot])
    first, second = [job("a1", RUNTIME), job("a2", RUNTIME)], [job("b", runtime_of_b)]
    with Processes() as engine:
        assert engine.prepare([*first, *second]) == 1
        outcomes = engine.run([first, second], lambda _: None)
    assert list(outcomes) == ["a1", "a2", "b"]
    assert said == order

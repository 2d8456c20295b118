"""Jobs share a process where they can, and a job whose process dies gets an outcome."""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from hhexp import experiment
from hhexp.config.schema import Config, Runtime
from hhexp.display.events import Event, Report, RunEnded, RunStarted
from hhexp.experiment import Job
from hhexp.launching.engines import processes
from hhexp.launching.engines.processes import Processes
from hhexp.launching.tree import Tree

RUNTIME = Runtime(device="cpu", threads=1, precision="float32", isa="native")
OTHER = RUNTIME.model_copy(update={"threads": 2})


def job(key: str, runtime: Runtime) -> Job:
    """A job of which nothing but its runtime counts here."""
    return Job(key, Config.model_construct(runtime=runtime, epochs=2))


class Mortal:
    """A worker that dies in the job "fatal", and all of whose words come late."""

    def __init__(self, slot: str) -> None:
        self.last_words: list[Callable[[], None]] = []

    def __enter__(self) -> "Mortal":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.last_words:
            each()

    def import_ahead(self, wanted: Runtime) -> None:
        assert wanted in (RUNTIME, OTHER)

    def listen(self, report: Report) -> None:
        self.report = report

    def train(self, job: Job, parent_id: str | None) -> None:
        run_id = f"run of {job.key}"
        self.last_words.append(lambda: self.report(RunStarted(job.key, run_id, 1, 2, 3)))
        if job.key == "fatal":
            raise BrokenProcessPool
        self.last_words.append(lambda: self.report(RunEnded(job.key, run_id, "FINISHED", "", 0.5)))


def test_the_run_of_a_dead_process_is_ended_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[Any] = []
    heard: list[Event] = []
    monkeypatch.setattr(processes, "Worker", Mortal)
    monkeypatch.setattr(experiment, "mark_dead", lambda job, *rest: ended.append(rest[:2]))
    tree = Tree.of([job(key, RUNTIME) for key in ("one", "fatal", "three")])
    engine = Processes()
    monkeypatch.setattr(engine, "_slots", [""])
    engine.run(tree, heard.append)
    assert [tree.outcomes[key].status for key in ("one", "fatal", "three")] == [
        "FINISHED", "FAILED", "FINISHED",
    ]  # fmt: skip
    assert (tree.outcomes["one"].objective, tree.outcomes["fatal"].objective) == (0.5, None)
    assert ended == [("run of fatal", "FAILED")]
    assert [event.job for event in heard if isinstance(event, RunEnded)] == [
        "one", "fatal", "three",
    ]  # fmt: skip


class Broken(Mortal):
    """A worker that the machine cannot run."""

    def train(self, job: Job, parent_id: str | None) -> None:
        raise OSError("no memory")


def test_what_goes_wrong_with_one_process_leaves_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "Worker", Broken)
    monkeypatch.setattr(experiment, "mark_dead", lambda *_: None)
    engine = Processes()
    monkeypatch.setattr(engine, "_slots", ["", ""])
    tree = Tree.of([job(key, RUNTIME) for key in "abc"])
    with pytest.raises(OSError, match="no memory"):
        engine.run(tree, lambda _: None)


@pytest.mark.parametrize(
    ("runtimes", "order"),
    [
        ([RUNTIME, RUNTIME, RUNTIME], "start a b c end"),
        ([RUNTIME, OTHER, OTHER], "start a end start b c end"),
        ([RUNTIME] * 5, "start a b c d end start e end"),
    ],
)
def test_a_process_trains_all_jobs_of_its_runtime(
    runtimes: list[Runtime], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Told(Mortal):
        def __init__(self, slot: str) -> None:
            super().__init__(slot)
            said.append("start")

        def __exit__(self, *_: object) -> None:
            said.append("end")

        def train(self, job: Job, parent_id: str | None) -> None:
            said.append(job.key)
            self.report(RunEnded(job.key, "run", "FINISHED", ""))

    monkeypatch.setattr(processes, "Worker", Told)
    monkeypatch.setattr(processes, "JOBS_A_PROCESS", 4)
    monkeypatch.setattr(processes, "list_slots", lambda kinds, threads: [""])
    jobs = [job(key, runtime) for key, runtime in zip("abcde", runtimes, strict=False)]
    with Processes() as engine:
        assert engine.prepare(jobs) == 1
        tree = Tree.of(jobs)
        engine.run(tree, lambda _: None)
    assert len(tree.outcomes) == len(runtimes)
    assert " ".join(said) == order

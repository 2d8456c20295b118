"""Jobs share a process where they can; one whose process is lost gets an outcome, or goes again."""

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self

import pytest

from hhexp import experiment
from hhexp.config.schema import Config, Runtime
from hhexp.display.events import Event, Judge, Report, RunEnded, RunStarted, StateSaved
from hhexp.errors import UserError
from hhexp.experiment import Job
from hhexp.launching.engines import pool
from hhexp.launching.engines.pool import Pool, Slot, Trainer
from hhexp.launching.tree import Tree

RUNTIME = Runtime(device="cpu", threads=1, precision="float32", isa="native")
OTHER = RUNTIME.model_copy(update={"threads": 2})


def job(key: str, runtime: Runtime) -> Job:
    """A job of which nothing but its runtime counts here."""
    return Job(key, Config.model_construct(runtime=runtime, epochs=2))


class Mortal:
    """A process that dies in the job "fatal", and all of whose words come late."""

    def __init__(self, where: str) -> None:
        self.last_words: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.last_words:
            each()

    def import_ahead(self, wanted: Runtime) -> None:
        assert wanted in (RUNTIME, OTHER)

    def listen(self, report: Report, judge: Judge) -> None:
        self.report = report

    def train(self, job: Job, parent_id: str | None) -> None:
        run_id = f"run of {job.key}"
        self.last_words.append(lambda: self.report(RunStarted(job.key, run_id, 1, 2, 3)))
        if job.key == "fatal":
            raise BrokenProcessPool
        self.last_words.append(lambda: self.report(RunEnded(job.key, run_id, "FINISHED", "", 0.5)))


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The runs that were ended for processes that had died, with their status."""
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(experiment, "mark_dead", lambda job, *rest: found.append(rest[:2]))
    return found


def train(
    keys: str,
    start: Callable[[str], Trainer],
    slots: int = 1,
    losses: int = 0,
    runtimes: Sequence[Runtime] = (),
) -> tuple[list[str], list[Event]]:
    """Train jobs with one-letter keys, or "fatal"; their statuses, and what was heard."""
    heard: list[Event] = []
    names = keys.split()
    tree = Tree.of(
        [job(key, runtime) for key, runtime in zip(names, runtimes or [RUNTIME] * 9, strict=False)]
    )
    Pool(tree, heard.append, None, start, lambda _: None, losses).train_all(
        lambda: [("", number) for number in range(slots)]
    )
    return [tree.outcomes[key].status for key in names], heard


def test_the_run_of_a_dead_process_is_ended_and_the_rest_goes_on(ended: list[Any]) -> None:
    statuses, heard = train("one fatal three", Mortal)
    assert statuses == ["FINISHED", "FAILED", "FINISHED"]
    assert ended == [("run of fatal", "FAILED")]
    assert [event.job for event in heard if isinstance(event, RunEnded)] == [
        "one", "fatal", "three",
    ]  # fmt: skip


def test_a_job_goes_again_until_its_process_was_lost_too_often(ended: list[Any]) -> None:
    statuses, _ = train("fatal b", Mortal, losses=2)
    assert statuses == ["FAILED", "FINISHED"]
    assert ended == [
        ("run of fatal", "KILLED"),
        ("run of fatal", "KILLED"),
        ("run of fatal", "FAILED"),
    ]


def test_a_job_that_has_saved_a_state_since_may_be_lost_again(ended: list[Any]) -> None:
    left = [6]

    class Slow(Mortal):
        def train(self, job: Job, parent_id: str | None) -> None:
            self.report(RunStarted(job.key, "run", 1, 2, 3))
            if left[0]:
                left[0] -= 1
                self.report(StateSaved(job.key, 6 - left[0]))
                raise BrokenProcessPool
            self.report(RunEnded(job.key, "run", "FINISHED", ""))

    assert train("a", Slow, losses=1)[0] == ["FINISHED"]
    assert ended == [("run", "KILLED")] * 6


def test_what_a_lost_slot_had_goes_to_the_others_and_new_ones_are_used(ended: list[Any]) -> None:
    """The first slot is gone once its process is lost; another one comes then."""
    used: list[str] = []

    class Placed(Mortal):
        def __init__(self, where: str) -> None:
            super().__init__(where)
            self.where = where

        def train(self, job: Job, parent_id: str | None) -> None:
            used.append(self.where)
            if self.where == "first":
                raise BrokenProcessPool
            self.report(RunEnded(job.key, "run", "FINISHED", ""))

    def find_slots() -> Sequence[Slot]:
        return [("second", 0)] if "first" in used else [("first", 0)]

    tree = Tree.of([job(key, RUNTIME) for key in "ab"])
    Pool(tree, lambda _: None, None, Placed, lambda _: None, losses=1).train_all(find_slots)
    assert {outcome.status for outcome in tree.outcomes.values()} == {"FINISHED"}
    assert used == ["first", "second", "second"]


def test_a_sweep_without_any_slot_ends_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE_S", 0)
    monkeypatch.setattr(pool, "LOOK_S", 0.01)
    with pytest.raises(UserError, match="the same command goes on"):
        train("a", Mortal, slots=0)


class Broken(Mortal):
    """A process that the machine cannot run."""

    def train(self, job: Job, parent_id: str | None) -> None:
        raise OSError("no memory")


def test_what_goes_wrong_with_one_process_leaves_no_other_waiting(ended: list[Any]) -> None:
    with pytest.raises(OSError, match="no memory"):
        train("a b c", Broken, slots=2)


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
        def __init__(self, where: str) -> None:
            super().__init__(where)
            said.append("start")

        def __exit__(self, *_: object) -> None:
            said.append("end")

        def train(self, job: Job, parent_id: str | None) -> None:
            said.append(job.key)
            self.report(RunEnded(job.key, "run", "FINISHED", ""))

    monkeypatch.setattr(pool, "JOBS_A_PROCESS", 4)
    keys = " ".join("abcde"[: len(runtimes)])
    assert train(keys, Told, runtimes=runtimes)[0] == ["FINISHED"] * len(runtimes)
    assert " ".join(said) == order

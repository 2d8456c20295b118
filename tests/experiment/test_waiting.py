"""A job that another process answers shows how far that one is, and stops waiting when it ends."""

import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.display.events import EpochDone, Event, Phase, RunAwaited, StateSaved
from hhexp.experiment import waiting
from hhexp.experiment.waiting import SHOWN, Spectator
from hhexp.tracking.process import name_process
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import HEARTBEAT, KIND, PROCESS
from hhexp.tracking.watch import Watch

HERE = name_process(os.getppid())
JOB: Any = SimpleNamespace(key="a job", config=SimpleNamespace(epochs=9))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.01)  # one report between two looks
    monkeypatch.setattr(waiting, "TICK_S", 0.01)


def start(store: Store) -> TrackedRun:
    tags = {KIND: "run", PROCESS: HERE, HEARTBEAT: str(time.time())}
    return TrackedRun.start(store, "study", "run", None, tags)


def log(run: TrackedRun, epoch: int) -> None:
    run.log_epoch(epoch, {**dict.fromkeys(SHOWN, epoch / 10), "lr": 0.5})


def watch_until_end(
    run: TrackedRun, *acts: Callable[[], object], until: int | None = None
) -> list[Event]:
    """What a waiting job reports; at each report that it waits, the other process acts."""
    heard: list[Event] = []
    left = list(acts)

    def report(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Phase) and left:
            left.pop(0)()

    Spectator(JOB, run.store, Watch(), report).wait(run.run_id, until)
    assert not left
    return heard


def test_the_other_ones_epochs_and_lasting_states_are_reported_once(store: Store) -> None:
    run = start(store)
    log(run, 1)
    run.log_state(b"1", 1, "s1", stays=True)
    heard = watch_until_end(
        run,
        lambda: log(run, 2),
        lambda: run.log_state(b"2", 2, "s2"),
        lambda: log(run, 3),
        lambda: [run.log_epoch(4, {"train/loss": 0.5}), run.finish("FINISHED", None)],
    )
    assert heard[0] == RunAwaited("a job", run.run_id, f"process {os.getppid()} is training it")
    epochs = [event for event in heard if isinstance(event, EpochDone)]
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert epochs[1].metrics == dict.fromkeys(SHOWN, 0.2)
    states = [event for event in heard if isinstance(event, StateSaved)]
    assert states == [StateSaved("a job", 1)]
    said = [event.text for event in heard if isinstance(event, Phase)]
    assert said[0] == (
        f"waits for run {run.run_id[:8]}: process {os.getppid()} is training it, 1 of 9 epochs"
    )


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_one_that_ends_otherwise_is_waited_for_no_longer(store: Store, status: str) -> None:
    run = start(store)
    watch_until_end(run, lambda: run.finish(status, None))


def test_nor_one_that_is_withdrawn_or_whose_process_is_gone(store: Store) -> None:
    run = start(store)
    watch_until_end(run, lambda: store.client().delete_run(run.run_id))
    run = start(store)
    watch_until_end(run, lambda: run.set_tags({PROCESS: HERE.replace(HERE.split(" ")[2], "1.00")}))


def test_another_process_that_takes_it_is_named_and_no_epoch_said_again(store: Store) -> None:
    run = start(store)
    log(run, 1)
    heard = watch_until_end(
        run,
        lambda: run.set_tags({PROCESS: "box 17 1 there token"}),
        lambda: run.finish("FINISHED", None),
    )
    awaited = [event for event in heard if isinstance(event, RunAwaited)]
    assert [event.trainer for event in awaited] == [
        f"process {os.getppid()} is training it", "process 17 on box seems to be training it",
    ]  # fmt: skip
    assert sum(isinstance(event, EpochDone) for event in heard) == 1


def test_a_state_on_the_way_is_waited_for_no_longer_than_it_takes(store: Store) -> None:
    run = start(store)
    heard = watch_until_end(
        run,
        lambda: [log(run, epoch) for epoch in range(1, 5)],
        lambda: run.log_state(b"2", 2, "s2", stays=True),
        lambda: run.log_state(b"4", 4, "s4"),
        until=3,
    )
    assert [event.epoch for event in heard if isinstance(event, EpochDone)] == [1, 2, 3]
    assert StateSaved("a job", 2) in heard
    assert store.client().get_run(run.run_id).info.status == "RUNNING"


def test_ctrl_c_ends_the_waiting(store: Store) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch_until_end(start(store), interrupt)

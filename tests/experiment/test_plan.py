"""What answers a job, what it starts from, and what is left alone."""

import os

import pytest

from hhexp.experiment.plan import Plan, claim_plan, make_plan
from hhexp.tracking import process
from hhexp.tracking.process import name_process, name_this_process
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import keep_state
from hhexp.tracking.store import Store
from hhexp.tracking.tags import PROCESS


def started(store: Store, epochs: int, by: str = "box 1 1", kind: str = "run") -> TrackedRun:
    tags = {"hhexp.kind": kind, "hhexp.trajectory": "t", PROCESS: by}
    run = TrackedRun.start(store, "study", f"epochs={epochs}", None, tags)
    run.log_params({"epochs": epochs})
    return run


def ended(store: Store, epochs: int, status: str, kind: str = "run", state: int = 0) -> TrackedRun:
    run = started(store, epochs, kind=kind)
    if state:
        keep_state(run, b"state", state)
    run.finish(status, None)
    return run


def test_a_finished_run_answers_and_an_interrupted_one_goes_on(store: Store) -> None:
    assert make_plan(store, "t", 9) == Plan("train")
    broken = ended(store, 9, "KILLED")
    assert make_plan(store, "t", 9) == Plan("resume", broken.run_id)
    done = ended(store, 9, "FINISHED")
    assert make_plan(store, "t", 9) == Plan("hit", done.run_id)
    assert make_plan(store, "t", 9, reuse=False) == Plan("train")


def test_a_reproduction_answers_nothing_and_is_not_gone_on_with(store: Store) -> None:
    ended(store, 9, "FINISHED", "reproduction", state=9)
    ended(store, 9, "KILLED", "reproduction", state=6)
    assert make_plan(store, "t", 9) == Plan("train")
    done = ended(store, 9, "FINISHED")
    ended(store, 9, "FINISHED", "reproduction")
    assert make_plan(store, "t", 9) == Plan("hit", done.run_id)


def test_where_a_state_is_damaged_the_next_older_is_tried_and_the_plan_says_so(
    store: Store,
) -> None:
    for state in (3, 7, 5, 12):
        ended(store, 20, "FINISHED", state=state)
    chosen = make_plan(store, "t", 9)
    assert [state.epoch for state in chosen.states] == [7, 5, 3]
    newest = chosen.states[0].run_id[:8]
    chosen = chosen.without_state()
    assert chosen.first_epoch == 6
    assert "continue: from the state of run" in str(chosen)
    assert f"; the state of run {newest} after epoch 7 is missing or damaged" in str(chosen)
    nothing = chosen.without_state().without_state()
    assert str(nothing).startswith("train: from scratch; ")


def test_a_run_that_another_process_trains_is_left_alone_and_named(store: Store) -> None:
    here = started(store, 9, by=name_process(os.getppid()))
    elsewhere = started(store, 9, by="box 17 99")
    chosen = make_plan(store, "t", 9)
    assert chosen.action == "train"
    assert f"run {here.run_id[:8]} is not used: process {os.getppid()} is train" in str(chosen)
    assert f"{elsewhere.run_id[:8]} is not used: process 17 on box seems to be" in str(chosen)


def test_two_processes_with_the_same_command_do_not_go_on_with_one_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ended(store, 9, "KILLED")
    first = claim_plan(store, "t", 9)
    assert (first.action, first.run_id) == ("resume", broken.run_id)
    winner, other = name_this_process(), name_process(os.getppid())
    monkeypatch.setattr(process, "name_this_process", lambda: other)
    second = claim_plan(store, "t", 9)
    assert second.action == "train"
    assert f"process {winner.split()[1]} is training it" in str(second)

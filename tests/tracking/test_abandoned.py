"""What a dead process left RUNNING is found and ended, and what lives is left alone."""

import os
import time

from hhexp.tracking.abandoned import (
    describe_abandoned,
    end_abandoned,
    end_same_sweeps,
    find_left,
)
from hhexp.tracking.process import name_process
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMMAND, HEARTBEAT, KIND, PROCESS, SEARCH

HERE = name_process(os.getppid())
GONE = HERE.replace(HERE.split(" ")[2], "1.00")
"""A process of this machine that has ended."""


def start(store: Store, owner: str, kind: str = "run", beat: str | None = None) -> TrackedRun:
    tags = {KIND: kind, PROCESS: owner, HEARTBEAT: beat or str(time.time())}
    return TrackedRun.start(store, "study", f"a {kind}", None, tags)


def test_what_is_running_is_told_by_whether_its_process_lives(store: Store) -> None:
    start(store, GONE).finish("FINISHED", None)
    gone = [start(store, GONE, kind) for kind in ("run", "sweep", "reproduction")]
    alive = [start(store, HERE), start(store, "box 1 1 there token")]
    left = find_left(store)
    assert [run.run_id for run in left.abandoned] == [run.run_id for run in gone]
    assert [run.run_id for run in left.alive] == [run.run_id for run in alive]


def test_a_damaged_heartbeat_is_described_as_none(store: Store) -> None:
    for beat in ("soon", "1e999", "nan"):
        start(store, "box 1 1 there token", beat=beat)
    left = find_left(store)
    for run in left.alive + left.abandoned:
        assert describe_abandoned(run).startswith(f"run {run.run_id[:8]} (a run): the same command")


def test_of_a_search_the_same_command_goes_on_with_it(store: Store) -> None:
    search, sweep = start(store, GONE, "sweep"), start(store, GONE, "sweep")
    search.set_tags({SEARCH: "a" * 64})
    said = {run.run_id: describe_abandoned(run) for run in find_left(store).abandoned}
    assert said[search.run_id].endswith("the same command goes on with it")
    assert said[sweep.run_id].endswith("the same command starts a new one")


def test_what_another_process_takes_just_now_is_not_ended(store: Store) -> None:
    taken, other = start(store, GONE), start(store, GONE)
    left = find_left(store)
    taken.set_tags({PROCESS: HERE})
    assert end_abandoned(store, left.abandoned) == 1
    assert [run.run_id for run in find_left(store).alive] == [taken.run_id]
    assert store.client().get_run(other.run_id).info.status == "KILLED"


def test_of_the_sweeps_left_those_of_the_same_command_are_ended(store: Store) -> None:
    sweeps = [start(store, owner, "sweep") for owner in (GONE, GONE, HERE)]
    for sweep, command in zip(sweeps, ("this", "another", "this"), strict=True):
        sweep.set_tags({COMMAND: command})
    end_same_sweeps(store, "this")
    status = [store.client().get_run(sweep.run_id).info.status for sweep in sweeps]
    assert status == ["KILLED", "RUNNING", "RUNNING"]

"""Of several processes that want a run, one trains it."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from hhexp.tracking import claims, heartbeat, process, watch
from hhexp.tracking.claims import claim, is_settled, settle
from hhexp.tracking.process import name_process, name_this_process
from hhexp.tracking.query import StoredRun, find_trained
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import CLAIM, HEARTBEAT, KIND, OPENED, PROCESS
from hhexp.tracking.watch import Watch

ELSEWHERE = "box 17 1700000000.00 another-boot token"
GONE = name_process(os.getppid()).replace(name_process(os.getppid()).split(" ")[2], "1.00")
"""A process of this machine that has ended."""

Rename = Callable[[str], None]


@pytest.fixture
def rename(monkeypatch: pytest.MonkeyPatch) -> Rename:
    """Gives the thread that calls it the name of another process."""
    names: dict[int, str] = {}
    me = name_this_process()

    def name() -> str:
        return names.get(threading.get_ident(), me)

    for module in (process, heartbeat, claims, watch):
        monkeypatch.setattr(module, "name_this_process", name)
    return lambda name: names.update({threading.get_ident(): name})


def at_once(rename: Rename, act: Callable[[], bool]) -> dict[str, bool]:
    """What two processes of this machine come to, who start to act at the same moment."""
    together = threading.Barrier(2)

    def take(name: str) -> bool:
        rename(name)
        together.wait()
        return act()

    names = [name_process(os.getpid()), name_process(os.getppid())]
    with ThreadPoolExecutor(2) as threads:
        return dict(zip(names, threads.map(take, names), strict=True))


def tags(run: TrackedRun) -> dict[str, str]:
    return dict(run.store.client().get_run(run.run_id).data.tags)


# A run that was interrupted


@pytest.fixture
def interrupted(store: Store) -> TrackedRun:
    run = TrackedRun.start(store, "study", "epochs=9", None, {PROCESS: "box 1 1"})
    run.finish("KILLED", None)
    return run


def test_an_interrupted_run_is_taken_by_one_process(
    interrupted: TrackedRun, rename: Rename
) -> None:
    store, run_id = interrupted.store, interrupted.run_id
    assert claim(store, run_id, Watch())
    assert tags(interrupted)[PROCESS] == name_this_process()
    assert claim(store, run_id, Watch())  # it has it already
    rename(name_process(os.getppid()))
    assert not claim(store, run_id, Watch())
    assert not [name for name in tags(interrupted) if name.startswith(CLAIM)]


def test_a_run_that_has_finished_meanwhile_is_not_taken(interrupted: TrackedRun) -> None:
    interrupted.finish("FINISHED", None)
    assert not claim(interrupted.store, interrupted.run_id, Watch())


def test_of_processes_that_want_a_run_at_once_one_takes_it(
    interrupted: TrackedRun, rename: Rename
) -> None:
    taken = at_once(rename, lambda: claim(interrupted.store, interrupted.run_id, Watch()))
    assert sorted(taken.values()) == [False, True]
    assert tags(interrupted)[PROCESS] == next(name for name, won in taken.items() if won)


@pytest.mark.parametrize(("seconds_ago", "wins"), [(0, False), (7200, True)])
def test_the_first_by_name_takes_it_unless_it_was_killed_over_it(
    interrupted: TrackedRun, seconds_ago: int, wins: bool
) -> None:
    first = "- 1 1 elsewhere token"  # before any host
    interrupted.set_tags({CLAIM + first: str(time.time() - seconds_ago)})
    assert claim(interrupted.store, interrupted.run_id, Watch()) is wins


def test_a_process_that_was_killed_over_its_claim_is_not_waited_for(
    interrupted: TrackedRun,
) -> None:
    interrupted.set_tags({CLAIM + GONE: str(time.time())})
    assert claim(interrupted.store, interrupted.run_id, Watch())


def test_a_run_elsewhere_is_taken_when_its_heartbeat_has_stopped(interrupted: TrackedRun) -> None:
    store, run_id = interrupted.store, interrupted.run_id
    store.client().update_run(run_id, status="RUNNING")
    interrupted.set_tags({PROCESS: ELSEWHERE, HEARTBEAT: str(time.time())})
    now = [0.0]
    looking = Watch(lambda: now[0])
    assert not claim(store, run_id, looking)
    now[0] = watch.SILENCE_S
    assert claim(store, run_id, looking)


# A run that was just opened


def open_run(store: Store, owner: str, *, settled: bool = False) -> TrackedRun:
    opened = {} if settled else {OPENED: "1"}
    beat = {HEARTBEAT: str(time.time())}
    return TrackedRun.start(
        store, "study", "r", None, {KIND: "run", PROCESS: owner, **opened, **beat}
    )


def find(store: Store) -> list[StoredRun]:
    return list(find_trained(store))


def keep(run: TrackedRun, looking: Watch | None = None) -> bool:
    return settle(run.store, run.run_id, lambda: find(run.store), looking or Watch())


def left(store: Store) -> list[tuple[str, bool]]:
    """The runs that are not withdrawn, and whether they are settled."""
    return [(run.run_id, is_settled(run)) for run in find(store)]


def test_a_run_that_nobody_else_wants_is_kept(store: Store) -> None:
    run = open_run(store, name_this_process())
    assert left(store) == [(run.run_id, False)]
    assert keep(run)
    assert left(store) == [(run.run_id, True)]


def test_of_runs_that_are_opened_at_once_one_is_kept(store: Store, rename: Rename) -> None:
    store.experiment_id("study")
    for _ in range(5):
        kept = at_once(rename, lambda: keep(open_run(store, claims.name_this_process())))
        assert sorted(kept.values()) == [False, True]
        ((run_id, settled),) = left(store)
        assert settled
        store.client().delete_run(run_id)


@pytest.mark.parametrize("status", ["RUNNING", "FINISHED", "KILLED"])
def test_one_that_is_settled_precedes_a_younger_and_an_older_one(store: Store, status: str) -> None:
    older = open_run(store, name_this_process())
    settled = open_run(store, ELSEWHERE, settled=True)
    younger = open_run(store, name_this_process())
    if status != "RUNNING":
        settled.finish(status, None)
    assert not keep(older)
    assert not keep(younger)
    assert left(store) == [(settled.run_id, True)]


def test_a_process_that_died_over_its_opened_run_is_not_waited_for(store: Store) -> None:
    open_run(store, GONE)
    run = open_run(store, name_this_process())
    open_run(store, GONE)
    assert keep(run)
    assert left(store) == [(run.run_id, True)]


def test_one_that_came_back_too_late_keeps_nothing(store: Store) -> None:
    late = open_run(store, ELSEWHERE)
    seen = find(store)  # by its owner, which was suspended then
    now = [0.0]
    looking = Watch(lambda: now[0])
    assert not keep(open_run(store, name_this_process()), looking)  # the other may be alive
    now[0] = watch.SILENCE_S
    run = open_run(store, name_this_process())
    assert keep(run, looking)
    assert not settle(store, late.run_id, lambda: seen, Watch())
    assert left(store) == [(run.run_id, True)]

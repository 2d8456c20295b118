"""A run left behind is told from one that another process still trains."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from hhexp.tracking import process
from hhexp.tracking.process import claim, describe, is_alive, name_process, name_this_process
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import CLAIM, PROCESS


def test_this_process_is_alive() -> None:
    assert is_alive(name_this_process())


def test_a_process_that_has_ended_is_not() -> None:
    code = "from hhexp.tracking.process import name_this_process as name; print(name())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert name.count(" ") == 2
    assert not is_alive(name.strip())
    assert not is_alive(None)


def test_another_process_under_the_same_number_is_not_it() -> None:
    host, pid, started = name_this_process().split(" ")
    assert not is_alive(f"{host} {pid} {float(started) - 60}")


def test_a_process_is_known_by_its_start_to_a_few_seconds() -> None:
    host, pid, started = name_this_process().split(" ")
    assert is_alive(f"{host} {pid} {float(started) - 1.5}")
    assert is_alive(f"{host} {pid} {float(started) + 1.5}")


@pytest.mark.parametrize("ticks", ["4211", ""])
def test_a_process_that_an_older_version_named_has_ended(ticks: str) -> None:
    host, pid, _ = name_this_process().split(" ")
    assert not is_alive(f"{host} {pid} {ticks}")


def test_a_process_has_one_name_though_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    name = name_this_process()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: time.time())
    assert name_this_process() == name


def test_a_process_on_another_host_is_taken_to_be_alive() -> None:
    assert is_alive("another-host 1 1")


def test_a_process_is_described_with_its_host_where_that_is_another() -> None:
    assert describe(name_this_process()) == f"process {os.getpid()} is training it"
    assert describe("box 17 99") == "process 17 on box seems to be training it"


@pytest.fixture
def interrupted(store: Store) -> TrackedRun:
    run = TrackedRun.start(store, "study", "epochs=9", None, {PROCESS: "box 1 1"})
    run.finish("KILLED", None)
    return run


def tags(run: TrackedRun) -> dict[str, str]:
    return dict(run.store.client().get_run(run.run_id).data.tags)


def test_an_interrupted_run_is_taken_by_one_process(
    interrupted: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run_id = interrupted.store, interrupted.run_id
    assert claim(store, run_id)
    assert tags(interrupted)[PROCESS] == name_this_process()
    assert claim(store, run_id)  # it has it already
    parent = name_process(os.getppid())
    monkeypatch.setattr(process, "name_this_process", lambda: parent)
    assert not claim(store, run_id)
    assert not [name for name in tags(interrupted) if name.startswith(CLAIM)]


def test_a_run_that_has_finished_meanwhile_is_not_taken(interrupted: TrackedRun) -> None:
    interrupted.finish("FINISHED", None)
    assert not claim(interrupted.store, interrupted.run_id)


def test_of_processes_that_want_a_run_at_once_one_takes_it(
    interrupted: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {}
    monkeypatch.setattr(process, "name_this_process", lambda: names[threading.get_ident()])
    together = threading.Barrier(2)

    def take(pid: int) -> bool:
        names[threading.get_ident()] = name_process(pid)
        together.wait()
        return claim(interrupted.store, interrupted.run_id)

    with ThreadPoolExecutor(2) as threads:
        taken = dict(zip(both := (os.getpid(), os.getppid()), threads.map(take, both), strict=True))
    assert sorted(taken.values()) == [False, True]
    assert tags(interrupted)[PROCESS] == next(
        name_process(pid) for pid, won in taken.items() if won
    )


@pytest.mark.parametrize(("seconds_ago", "wins"), [(0, False), (600, True)])
def test_the_first_by_name_takes_it_unless_it_was_killed_over_it(
    interrupted: TrackedRun, seconds_ago: int, wins: bool
) -> None:
    first = "- 1 1"  # before any host
    interrupted.set_tags({CLAIM + first: str(int(time.time()) - seconds_ago)})
    assert claim(interrupted.store, interrupted.run_id) is wins

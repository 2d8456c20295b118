"""An owner beats for its runs, and stops where another has taken one."""

import time
from collections.abc import Callable, Iterator

import pytest

from hhexp.tracking import heartbeat
from hhexp.tracking.heartbeat import RunTaken, check, leave, make_owner_tags, own
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import HEARTBEAT, PROCESS

ELSEWHERE = "box 17 1700000000.00 another-boot token"


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrackedRun]:
    """A run of this process's, for which it beats often."""
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.05)
    run = TrackedRun.start(store, "study", "run", None, make_owner_tags())
    own(store, run.run_id)
    yield run
    leave(run.run_id)
    wait_until(lambda: heartbeat._heart._thread is None)


def read(run: TrackedRun, tag: str) -> str:
    return str(run.store.client().get_run(run.run_id).data.tags[tag])


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_taken(run: TrackedRun) -> bool:
    try:
        check(run.run_id)
    except RunTaken:
        return True
    return False


def test_the_heartbeat_changes_until_the_run_ends(run: TrackedRun) -> None:
    first = read(run, HEARTBEAT)
    wait_until(lambda: read(run, HEARTBEAT) != first)
    assert float(read(run, HEARTBEAT)) > float(first)
    assert not is_taken(run)
    run.finish("FINISHED", None)
    wait_until(lambda: heartbeat._heart._thread is None)


def test_it_goes_on_when_the_store_was_away(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fail(_: Store) -> None:
        asked.append(1)
        raise OSError("no answer")

    with monkeypatch.context() as away:
        away.setattr(Store, "client", fail)
        wait_until(lambda: len(asked) > 2)
    then = read(run, HEARTBEAT)
    wait_until(lambda: read(run, HEARTBEAT) != then)


def test_a_run_that_another_has_taken_is_left_to_it(run: TrackedRun) -> None:
    run.set_tags({PROCESS: ELSEWHERE, HEARTBEAT: "5.0"})
    wait_until(lambda: is_taken(run))
    with pytest.raises(RunTaken, match=r"was taken over, .*: process 17 on box seems to be train"):
        check(run.run_id)
    assert read(run, HEARTBEAT) == "5.0"
    run.finish("KILLED", None)
    assert run.store.client().get_run(run.run_id).info.status == "RUNNING"


def test_a_run_that_was_taken_can_be_this_processs_again(run: TrackedRun) -> None:
    run.set_tags({PROCESS: ELSEWHERE})
    wait_until(lambda: is_taken(run))
    run.set_tags(make_owner_tags())
    own(run.store, run.run_id)
    assert not is_taken(run)
    run.finish("FINISHED", None)
    assert run.store.client().get_run(run.run_id).info.status == "FINISHED"

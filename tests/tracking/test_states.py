"""A saved state is whole or not there, and only the newest and those that stay are kept."""

from pathlib import Path

import pytest

from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import drop_states, fetch_state, find_states
from hhexp.tracking.store import Store


@pytest.fixture
def run(store: Store) -> TrackedRun:
    return TrackedRun.start(store, "states", "a run")


def saved(run: TrackedRun) -> list[str]:
    return [entry.path for entry in run.store.client().list_artifacts(run.run_id, "state")]


def test_the_newest_state_replaces_those_before_that_need_not_stay(run: TrackedRun) -> None:
    assert find_states(run.store, run.run_id) == []
    run.log_state(b"five", 5, "e5")
    eight = run.log_state(b"eight", 8, "e8", stays=True)
    ten = run.log_state(b"ten", 10, "e10")
    assert find_states(run.store, run.run_id) == [eight, ten]
    assert (ten.epoch, ten.stage, ten.size, fetch_state(run.store, ten)) == (10, "e10", 3, b"ten")
    assert saved(run) == ["state/epoch-00008.npz", "state/epoch-00010.npz"]


def test_an_older_state_that_is_saved_again_deletes_no_newer_one(run: TrackedRun) -> None:
    ten = run.log_state(b"ten", 10, "e10")
    five = run.log_state(b"five", 5, "e5")
    assert find_states(run.store, run.run_id) == [five, ten]


def test_a_dropped_state_is_gone_with_its_tag(run: TrackedRun) -> None:
    drop_states(run.store, [run.log_state(b"five", 5, "e5")])
    assert find_states(run.store, run.run_id) == []
    assert saved(run) == []


def test_a_crash_while_saving_leaves_the_state_before(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    five = run.log_state(b"five", 5, "e5")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(run.store.client()), "set_tag", crash)
        with pytest.raises(KeyboardInterrupt):
            run.log_state(b"ten", 10, "e10")
    assert find_states(run.store, run.run_id) == [five]
    assert fetch_state(run.store, five) == b"five"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"stage": "e5"}'])
def test_a_tag_that_cannot_be_read_is_no_state(run: TrackedRun, text: str) -> None:
    run.set_tags({"hhexp.state.00005": text, "hhexp.state.x": "{}"})
    assert find_states(run.store, run.run_id) == []


def test_a_damaged_or_missing_state_is_no_state(run: TrackedRun) -> None:
    record = run.log_state(b"five", 5, "e5")
    file = Path(run.store.client().get_run(run.run_id).info.artifact_uri) / record.path
    file.write_bytes(b"fi")
    assert fetch_state(run.store, record) is None
    file.unlink()
    assert fetch_state(run.store, record) is None

"""A saved state is whole or not there, and only the newest is kept."""

from pathlib import Path

import pytest

from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, find_state, keep_state
from hhexp.tracking.store import Store


@pytest.fixture
def run(store: Store) -> TrackedRun:
    return TrackedRun.start(store, "states", "a run")


def saved(run: TrackedRun) -> list[str]:
    return [entry.path for entry in run.store.client().list_artifacts(run.run_id, "state")]


def test_the_newest_state_replaces_the_one_before(run: TrackedRun) -> None:
    assert find_state(run.store, run.run_id) is None
    keep_state(run, b"five", 5)
    keep_state(run, b"ten", 10)
    record = find_state(run.store, run.run_id)
    assert record is not None
    assert (record.epoch, fetch_state(run.store, record)) == (10, b"ten")
    assert saved(run) == ["state/epoch-00010.npz"]


def test_a_crash_while_saving_leaves_the_state_before(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_state(run, b"five", 5)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrackedRun, "set_tags", crash)
        with pytest.raises(KeyboardInterrupt):
            keep_state(run, b"ten", 10)
    record = find_state(run.store, run.run_id)
    assert record is not None
    assert (record.epoch, fetch_state(run.store, record)) == (5, b"five")


def test_a_damaged_or_missing_state_is_no_state(run: TrackedRun) -> None:
    record = keep_state(run, b"five", 5)
    file = Path(run.store.client().get_run(run.run_id).info.artifact_uri) / record.path
    file.write_bytes(b"fi")
    assert fetch_state(run.store, record) is None
    file.unlink()
    assert fetch_state(run.store, record) is None

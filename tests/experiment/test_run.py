"""A run starts from a whole state, and keeps one of its own."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.experiment.plan import Plan
from hhexp.experiment.run import restore, train_and_log
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import SavedState, fetch_state, find_state, keep_state
from hhexp.tracking.store import Store
from hhexp.training.state import PastEpoch


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Something that is trained for two epochs, whose state is its number of epochs."""
    module = sys.modules[restore.__module__]  # hhexp.experiment.run names the function
    monkeypatch.setattr(module, "load_state", lambda _m, _o, content: [epoch()] * int(content))
    monkeypatch.setattr(module, "save_state", lambda _m, _o, past: str(len(past)).encode())
    config = SimpleNamespace(epochs=2, state=SimpleNamespace(every=5, trace=False))
    return SimpleNamespace(
        config=config, model=None, optimizer=None, steps=1,
        epochs=lambda first, on_step: iter(()), validate=lambda: "answers",
    )  # fmt: skip


def epoch() -> PastEpoch:
    return PastEpoch({"val/loss": 0.5}, "0" * 64)


def test_a_damaged_state_is_passed_over_for_an_older_one(store: Store, training: Any) -> None:
    old = keep_state(TrackedRun.start(store, "study", "old"), b"1", 1)
    damaged = SavedState(old.run_id, 2, "0" * 64)
    taken, past = restore(training, store, Plan("continue", states=(damaged, old)))
    assert len(past) == 1
    assert taken.states == (old,)
    taken, past = restore(training, store, Plan("resume", old.run_id, (damaged,)))
    assert (taken.action, taken.state, past) == ("resume", None, [])
    assert "after epoch 2 is missing or damaged" in str(taken)


def test_a_run_that_begins_at_its_end_keeps_that_state_as_its_own(
    store: Store, training: Any
) -> None:
    tracked = TrackedRun.start(store, "study", "epochs=2")
    job: Any = SimpleNamespace(key="epochs=2")
    said: list[Any] = []
    answers = train_and_log(tracked, job, training, [epoch(), epoch()], said.append)
    assert answers == "answers"
    kept = find_state(store, tracked.run_id)
    assert kept is not None
    assert (kept.epoch, fetch_state(store, kept)) == (2, b"2")

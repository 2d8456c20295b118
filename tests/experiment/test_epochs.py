"""A run starts from a whole state, and keeps one of its own."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hhexp.display.events import StateSaved
from hhexp.experiment.epochs import restore, train_and_log
from hhexp.experiment.plan import Plan
from hhexp.experiment.stages import Chain
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, find_states
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation
from hhexp.training.state import PastEpoch


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Something that is trained for two epochs, whose state is its number of epochs."""
    module = sys.modules[restore.__module__]
    monkeypatch.setattr(module, "load_state", lambda _m, _o, content: [epoch()] * int(content))
    monkeypatch.setattr(module, "save_state", lambda _m, _o, past: str(len(past)).encode())
    state = SimpleNamespace(every=5, keep="branches", trace=False)
    config = SimpleNamespace(epochs=2, state=state, metrics=[], callbacks=[])
    return SimpleNamespace(
        config=config, model=None, optimizer=None, steps=1,
        epochs=lambda first, on_step: iter(()),
        dataset=SimpleNamespace(validation=SimpleNamespace(labels=np.array([0, 1]))),
        validate=lambda: "answers",
    )  # fmt: skip


def epoch() -> PastEpoch:
    return PastEpoch({"val/loss": 0.5}, "0" * 64)


def test_a_damaged_state_is_passed_over_for_an_older_one(store: Store, training: Any) -> None:
    old = TrackedRun.start(store, "study", "old").log_state(b"1", 1, "e1")
    damaged = replace(old, epoch=2, sha256="0" * 64)
    taken, past = restore(training, store, Plan("continue", states=(damaged, old)))
    assert len(past) == 1
    assert taken.states == (old,)
    taken, past = restore(training, store, Plan("resume", old.run_id, (damaged,)))
    assert (taken.action, taken.state, past) == ("resume", None, [])
    assert "after epoch 2 is missing or damaged" in str(taken)


def job_of(training: Any, *keep: int) -> Any:
    return SimpleNamespace(key="epochs=2", config=training.config, keep=keep)


ANSWERS = Evaluation(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), np.array([0, 1]))
CHAIN = Chain({}, ("e0", "e1", "e2"), "asked")


def test_a_run_that_begins_at_its_end_keeps_that_state_as_its_own(
    store: Store, training: Any
) -> None:
    tracked = TrackedRun.start(store, "study", "epochs=2")
    said: list[Any] = []
    past = [epoch(), epoch()]
    answers = train_and_log(tracked, job_of(training), training, CHAIN, past, said.append)
    assert answers == "answers"
    (kept,) = find_states(store, tracked.run_id)
    assert (kept.epoch, kept.stage, fetch_state(store, kept)) == (2, "e2", b"2")
    assert said == [StateSaved("epochs=2", 2)]


@pytest.mark.parametrize(
    ("keep", "policy", "stay"),
    [((), "branches", [4]), ((1,), "branches", [1, 4]), ((1,), "all", [1, 2, 4])],
)
def test_the_states_that_others_continue_from_stay(
    store: Store, training: Any, keep: tuple[int, ...], policy: str, stay: list[int]
) -> None:
    training.config.epochs, training.config.state.every = 4, 2
    training.config.state.keep = policy
    each = [
        SimpleNamespace(number=n, metrics={"a": 0.5}, weights="", validation=ANSWERS)
        for n in range(1, 5)
    ]
    training.epochs = lambda first, on_step: iter(each)
    chain = Chain({}, ("e0", "e1", "e2", "e3", "e4"), "asked")
    tracked = TrackedRun.start(store, "study", "epochs=4")
    said: list[Any] = []
    train_and_log(tracked, job_of(training, *keep), training, chain, [], said.append)
    assert [state.epoch for state in find_states(store, tracked.run_id)] == stay
    saved = [event.epoch for event in said if isinstance(event, StateSaved)]
    assert saved == sorted({*keep, 2, 4})

"""A run starts from a whole state, and keeps one of its own."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hhexp.display.events import Question, StateSaved
from hhexp.experiment.course import Course
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

    def load(model: Any, _optimizer: Any, content: bytes) -> tuple[list[PastEpoch], None]:
        model.epoch = int(content)
        return [epoch(1 / (n + 1)) for n in range(int(content))], None

    monkeypatch.setattr(module, "load_state", load)
    monkeypatch.setattr(module, "save_state", lambda _m, _o, past, *_: str(len(past)).encode())
    state = SimpleNamespace(every=5, keep="branches", trace=False)
    stopping = SimpleNamespace(patience=None)
    config = SimpleNamespace(
        epochs=2, state=state, objective="val/loss", stopping=stopping, metrics=[], callbacks=[]
    )
    return SimpleNamespace(
        config=config, model=SimpleNamespace(weights=[], epoch=None), optimizer=None, steps=1,
        epochs=lambda first, on_step: iter(()),
        dataset=SimpleNamespace(validation=SimpleNamespace(labels=np.array([0, 1]))),
        validate=lambda: "answers",
    )  # fmt: skip


def epoch(loss: float = 0.5) -> PastEpoch:
    return PastEpoch({"val/loss": loss}, "0" * 64)


def course_of(training: Any, *past: PastEpoch) -> Course:
    course = Course(training.config)
    for each in past:
        course.add(each, training.model)
    return course


def test_a_damaged_state_is_passed_over_for_an_older_one(store: Store, training: Any) -> None:
    old = TrackedRun.start(store, "study", "old").log_state(b"1", 1, "e1")
    damaged = replace(old, epoch=2, sha256="0" * 64)
    taken, course = restore(training, store, Plan("continue", states=(damaged, old)))
    assert (len(course.past), training.model.epoch) == (1, 1)
    assert taken.states == (old,)
    taken, course = restore(training, store, Plan("resume", old.run_id, (damaged,)))
    assert (taken.action, taken.state, course.past) == ("resume", None, [])
    assert "after epoch 2 is missing or damaged" in str(taken)


@pytest.mark.parametrize(
    ("objective", "patience", "taken", "said"),
    [
        ("val/loss", None, [3], ""),
        ("train/loss", 1, [1], "is beyond epoch 2, after which the training stops"),
        ("train/loss", None, [1], "lacks the model after epoch 1, the best by train/loss"),
    ],
)
def test_a_state_that_is_of_no_use_is_passed_over_too(
    store: Store, training: Any, monkeypatch: pytest.MonkeyPatch,
    objective: str, patience: int | None, taken: list[int], said: str,
) -> None:  # fmt: skip
    def load(model: Any, _optimizer: Any, content: bytes) -> tuple[list[PastEpoch], None]:
        model.epoch = int(content)
        losses = [(1 / n, float(n)) for n in range(1, int(content) + 1)]
        past = [PastEpoch({"val/loss": v, "train/loss": t}, "0" * 64) for v, t in losses]
        return past, None

    monkeypatch.setattr(sys.modules[restore.__module__], "load_state", load)
    training.config.objective, training.config.stopping.patience = objective, patience
    run = TrackedRun.start(store, "study", "a run")
    states = [run.log_state(str(n).encode(), n, f"e{n}", stays=True) for n in (1, 3)]
    plan, course = restore(training, store, Plan("continue", states=tuple(states[::-1])))
    assert [plan.start] == taken == [len(course.past)] == [training.model.epoch]
    assert said in str(plan)
    plan, course = restore(training, store, Plan("continue", states=(states[1],)))
    if said:  # from scratch, as if nothing had been loaded
        assert (plan.action, course.past, training.model.epoch) == ("train", [], 0)


def job_of(training: Any, *keep: int, judged: bool = False) -> Any:
    return SimpleNamespace(key="epochs=2", config=training.config, keep=keep, judged=judged)


ANSWERS = Evaluation(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), np.array([0, 1]))
CHAIN = Chain({}, ("e0", "e1", "e2"), "asked")


def test_a_run_that_begins_at_its_end_keeps_that_state_as_its_own(
    store: Store, training: Any
) -> None:
    tracked = TrackedRun.start(store, "study", "epochs=2")
    said: list[Any] = []
    course = course_of(training, epoch(), epoch())
    answers = train_and_log(tracked, job_of(training), training, CHAIN, course, said.append)
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
    course = course_of(training)
    train_and_log(tracked, job_of(training, *keep), training, chain, course, said.append)
    assert [state.epoch for state in find_states(store, tracked.run_id)] == stay
    saved = [event.epoch for event in said if isinstance(event, StateSaved)]
    assert saved == sorted({*keep, 2, 4})


def test_a_training_that_stops_early_keeps_its_last_state(store: Store, training: Any) -> None:
    training.config.epochs, training.config.stopping.patience = 9, 2
    losses = [0.5, 0.4, 0.4, 0.6, 0.1]
    each = [
        SimpleNamespace(number=n, metrics={"val/loss": loss}, weights="", validation=ANSWERS)
        for n, loss in enumerate(losses, start=1)
    ]
    training.epochs = lambda first, on_step: iter(each[first - 1 :])
    chain = Chain({}, tuple(f"e{n}" for n in range(10)), "asked")
    tracked = TrackedRun.start(store, "study", "epochs=9")
    course = course_of(training)
    train_and_log(tracked, job_of(training), training, chain, course, lambda _: None)
    assert len(course.past) == 4 and course.best is not None and course.best.epoch == 2
    assert [state.epoch for state in find_states(store, tracked.run_id)] == [4]
    assert course.say_why_stopped() == (
        "stopped after epoch 4: val/loss was not better than after epoch 2 for 2 epochs"
    )
    again = train_and_log(tracked, job_of(training), training, chain, course, lambda _: None)
    assert (again, len(course.past)) == ("answers", 4)


def train_judged(
    store: Store, training: Any, *past: PastEpoch, judged: bool = True, losses: Any = ()
) -> tuple[list[Question], Course, list[int]]:
    """Train four epochs of a search that ends a run whose loss is above 0.6; what it was asked."""
    training.config.epochs = 4
    each = [
        SimpleNamespace(
            number=n,
            metrics={"train/loss": loss, "val/loss": loss},
            weights="",
            validation=ANSWERS,
        )
        for n, loss in enumerate(losses, start=1)
    ]
    training.epochs = lambda first, on_step: iter(each[first - 1 :])
    asked: list[Question] = []

    def judge(question: Question) -> str:
        asked.append(question)
        return "pruned" if question.values[-1] > 0.6 or question.diverged else ""

    chain = Chain({}, tuple(f"e{n}" for n in range(5)), "asked")
    tracked, course = TrackedRun.start(store, "study", "a trial"), course_of(training, *past)
    job = job_of(training, judged=judged)
    train_and_log(tracked, job, training, chain, course, lambda _: None, judge)
    return asked, course, [state.epoch for state in find_states(store, tracked.run_id)]


def test_a_search_ends_a_run_which_keeps_its_last_state(store: Store, training: Any) -> None:
    asked, course, states = train_judged(store, training, losses=[0.5, 0.4, 0.7, 0.1])
    assert [question.values for question in asked] == [(0.5,), (0.5, 0.4), (0.5, 0.4, 0.7)]
    assert (course.cut, course.say_why_stopped(), states) == ("pruned", "pruned", [3])


def test_a_search_hears_of_the_last_epoch_but_ends_nothing_then_and_hears_of_no_other_run(
    store: Store, training: Any
) -> None:
    asked, course, states = train_judged(store, training, losses=[0.5, 0.5, 0.5, 0.9])
    assert [question.ended for question in asked] == [False, False, False, True]
    assert (course.cut, states) == ("", [4])
    asked, course, states = train_judged(store, training, judged=False, losses=[0.9] * 4)
    assert (asked, course.cut, states) == ([], "", [4])


def test_a_search_is_asked_first_of_epochs_that_were_trained_before(
    store: Store, training: Any
) -> None:
    asked, course, states = train_judged(store, training, epoch(0.5), epoch(0.8), losses=[0] * 4)
    assert [question.values for question in asked] == [(0.5, 0.8)]
    assert (len(course.past), states) == (2, [2])


def test_a_search_hears_that_a_loss_is_no_number(store: Store, training: Any) -> None:
    asked, _, _ = train_judged(store, training, losses=[0.5, float("inf"), 0.5, 0.5])
    assert [question.diverged for question in asked] == ["", "train/loss"]

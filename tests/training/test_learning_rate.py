"""Schedules give the rates that they promise, and Keras's own where it has them."""

from typing import Any

import numpy as np
import pytest

from hhexp.config.registry import lr_schedule
from hhexp.config.schema import LearningRate
from hhexp.errors import UserError
from hhexp.training.learning_rate import list_rates

STEPS = 3


def rates(schedule: str, epochs: int = 6, **arguments: Any) -> np.ndarray:
    """The rate of every step of a run, [epochs, STEPS]."""
    rate = LearningRate(schedule=schedule, **arguments)
    each = [list_rates(rate, epoch + 1, steps=STEPS, epochs=epochs) for epoch in range(epochs)]
    return np.stack(each)


def ask(schedule: Any, epochs: int = 6) -> np.ndarray:
    """The same from a schedule of Keras."""
    return np.array([float(schedule(at)) for at in range(epochs * STEPS)]).reshape(-1, STEPS)


def test_constant_stays() -> None:
    assert (rates("constant", value=0.5) == 0.5).all()


def test_step_falls_every_few_epochs() -> None:
    from keras.optimizers.schedules import ExponentialDecay

    ours = rates("step", value=1.0, every=2, factor=0.3)
    assert list(ours[:, 0]) == pytest.approx([1, 1, 0.3, 0.3, 0.09, 0.09])
    assert ours == pytest.approx(ask(ExponentialDecay(1.0, 2 * STEPS, 0.3, staircase=True)))


def test_step_falls_after_each_milestone_in_place_of_every() -> None:
    ours = rates("step", value=1.0, every=1, factor=0.5, milestones=[4, 1])
    assert list(ours[:, 0]) == [1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert (rates("step", value=1.0, every=1, factor=0.5, milestones=[]) == 1).all()


def test_cosine_reaches_its_end_after_the_last_step() -> None:
    from keras.optimizers.schedules import CosineDecay

    ours = rates("cosine", value=2.0, final_fraction=0.1)
    assert ours == pytest.approx(ask(CosineDecay(2.0, 6 * STEPS, alpha=0.1)), rel=1e-5)
    assert rates("cosine", epochs=2, value=1.0, final_fraction=0.0)[1, 0] == pytest.approx(0.5)


def test_a_warm_up_rises_to_the_value_and_falls_as_a_cosine() -> None:
    ours = rates("warmup_cosine", value=1.0, final_fraction=0.0, warmup=2)
    assert list(ours[:2].ravel()) == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert ours[2:] == pytest.approx(rates("cosine", epochs=4, value=1.0, final_fraction=0.0))


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_warm_up_may_last_to_the_end(epochs: int) -> None:
    ours = rates("warmup_cosine", epochs=epochs, value=1.0, final_fraction=0.0, warmup=2)
    assert ours.ravel()[-1] == pytest.approx(epochs / 2)


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ([0.1, 0.2], "no rates for epoch 1: ValueError"),
        (float("nan"), "every rate must be a number ≥ 0, but epoch 1 has nan"),
        (-0.5, "every rate must be a number ≥ 0, but epoch 1 has -0.5"),
        ("fast", "no rates for epoch 1: ValueError"),
    ],
)
def test_what_is_no_rate_is_refused(gives: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lr_schedule.functions, "mine", lambda *_: gives)
    with pytest.raises(UserError, match=f"lr.schedule=mine: {said}"):
        rates("mine")

"""Optimizers take their settings, and one's own are looked at."""

from collections.abc import Callable
from typing import Any

import pytest
from keras import optimizers

from hhexp.config.registry import optimizer_builder
from hhexp.config.schema import Optimizer
from hhexp.errors import UserError
from hhexp.training.optimizer import build_optimizer


def test_settings_reach_kerass_optimizer() -> None:
    built = build_optimizer(Optimizer(name="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-5))
    assert (built.beta_1, built.beta_2, built.epsilon) == (0.8, 0.99, 1e-5)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: None, "must return a keras.optimizers.Optimizer, not NoneType"),
        (lambda: 1 / 0, r"ZeroDivisionError: division by zero \(test_optimizer\.py, line \d+\)"),
        (
            lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
            "must have no schedule of its own: lr=… sets the learning rate",
        ),
    ],
)
def test_ones_own_that_would_not_do_is_refused(
    build: Callable[[], Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(optimizer_builder.functions, "mine", build)
    with pytest.raises(UserError, match=f"^optimizer.name=mine: {words}"):
        build_optimizer(Optimizer(name="mine"))

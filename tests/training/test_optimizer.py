"""Optimizers take their settings, and schedules give the rate that they promise."""

import pytest

from hhexp.config.schema import Adam, ConstantRate, CosineRate, LearningRate, Sgd, StepRate
from hhexp.training.optimizer import build_optimizer, depends_on_epochs

CONSTANT = ConstantRate(schedule="constant", value=0.5)
COSINE = CosineRate(schedule="cosine", value=1.0, final_fraction=0.0)
STEP = StepRate(schedule="step", value=1.0, every=2, factor=0.5)


def rates(rate: LearningRate, *, steps: int = 2, epochs: int = 4) -> list[float]:
    """The learning rate at the start of each epoch."""
    sgd = Sgd(name="sgd", momentum=0.0, nesterov=False)
    built = build_optimizer(sgd, rate, steps=steps, epochs=epochs)
    found = []
    for epoch in range(epochs):
        built.iterations.assign(epoch * steps)
        found.append(float(built.learning_rate))
    return found


def test_constant_stays() -> None:
    assert rates(CONSTANT) == [0.5] * 4


def test_step_falls_every_few_epochs() -> None:
    assert rates(STEP) == [1.0, 1.0, 0.5, 0.5]


def test_cosine_reaches_its_end_with_the_last_step() -> None:
    assert rates(COSINE) == pytest.approx([1.0, 0.8535534, 0.5, 0.1464466])
    assert rates(COSINE, epochs=2) == pytest.approx([1.0, 0.5])


def test_only_cosine_depends_on_the_number_of_epochs() -> None:
    assert [depends_on_epochs(rate) for rate in (CONSTANT, COSINE, STEP)] == [False, True, False]


def test_settings_reach_kerass_optimizer() -> None:
    adam = Adam(name="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-5)
    built = build_optimizer(adam, CONSTANT, steps=1, epochs=1)
    assert (built.beta_1, built.beta_2, built.epsilon) == (0.8, 0.99, 1e-5)

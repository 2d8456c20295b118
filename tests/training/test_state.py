"""A training goes on from its saved state as if it had never stopped."""

import keras
import numpy as np
import pytest

from hhexp import models
from hhexp.config.schema import Optimizer
from hhexp.training.optimizer import build_optimizer
from hhexp.training.state import Best, PastEpoch, hash_weights, load_state, save_state
from hhexp.training.step import build_training_step

ADAM = Optimizer(name="adam", beta_1=0.9, beta_2=0.999, epsilon=1e-7)
PAST = [PastEpoch({"val/loss": 0.1 + 0.2}, "abc")]


def training(units: int = 4) -> tuple[keras.Model, keras.optimizers.Optimizer]:
    keras.utils.set_random_seed(1)
    model = models.build("cnn", {"filters": [4], "dense_units": units}, (8, 8, 3), classes=2)
    rule = build_optimizer(ADAM)
    rule.build(model.trainable_variables)
    return model, rule


def steps(model: keras.Model, rule: keras.optimizers.Optimizer, seed: int) -> None:
    random = np.random.default_rng(seed)
    step = build_training_step(model, rule)
    for _ in range(3):
        step(random.integers(0, 256, (4, 8, 8, 3)).astype(np.uint8), np.array([0, 1, 0, 1]))


def test_going_on_gives_the_same_bits_as_not_stopping() -> None:
    model, rule = training()
    steps(model, rule, seed=1)
    content = save_state(model, rule, PAST)
    steps(model, rule, seed=2)
    other, other_rule = training()
    assert load_state(other, other_rule, content) == (PAST, None)
    assert hash_weights(other) != hash_weights(model)
    steps(other, other_rule, seed=2)
    assert hash_weights(other) == hash_weights(model)


def test_the_answers_of_past_epochs_come_back_with_the_state() -> None:
    model, rule = training()
    answers = np.array([[0.25, 0.75]], np.float32)
    past = [*PAST, PastEpoch({}, "def", {"val/f1": 0.1 + 0.2}, answers)]
    (first, second), _ = load_state(*training(), save_state(model, rule, past))
    assert first.probabilities is None
    assert second.measured == {"val/f1": 0.1 + 0.2}
    assert second.probabilities is not None and np.array_equal(second.probabilities, answers)


def test_the_best_epochs_weights_come_back_unless_it_is_the_last() -> None:
    model, rule = training()
    best, wanted = Best.of(model, 1), hash_weights(model)
    steps(model, rule, seed=1)
    for past, there in ((PAST * 2, True), (PAST, False)):
        other, other_rule = training()
        _, found = load_state(other, other_rule, save_state(model, rule, past, best))
        assert (found is not None) is there
    _, found = load_state(other, other_rule, save_state(model, rule, PAST * 2, best))
    assert found is not None and found.epoch == 1
    assert hash_weights(other) == hash_weights(model) != wanted
    found.put(other)
    assert hash_weights(other) == wanted


def test_a_state_of_another_optimizer_is_refused() -> None:
    model, rule = training()
    content = save_state(model, rule, PAST)
    sgd = build_optimizer(Optimizer(name="sgd", momentum=0.0, nesterov=False))
    with pytest.raises(ValueError, match="another model or optimizer"):
        load_state(model, sgd, content)

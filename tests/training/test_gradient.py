"""The gradient is the plain one, and the shortcut is taken only where it is one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


def images(side: int = 12) -> np.ndarray:
    return np.random.default_rng(3).random((4, side, side, 3), dtype=np.float32)


def network(*, sequential: bool = False, **convolution: Any) -> Any:
    from keras import Input, Model, Sequential, layers

    row: list[Any] = []
    for _ in range(2):
        row += [layers.Conv2D(4, 3, **convolution), layers.MaxPooling2D(), layers.ReLU()]
    row += [layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    x = inputs = Input((12, 12, 3))
    if sequential:
        return Sequential([inputs, *row])
    for layer in row:
        x = layer(x)
    return Model(inputs, x)


def plain(model: Any, loss: Callable[[Any], Any]) -> list[np.ndarray]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss(model(images(), training=True))
    return [one.numpy() for one in tape.gradient(value, model.trainable_variables)]


@pytest.mark.parametrize("kind", ["graph", "sequential", "frozen", "penalty"])
def test_the_gradient_is_the_plain_one(kind: str) -> None:
    import keras
    import tensorflow as tf

    from hhexp.training.gradient import gradient, pooled_biases

    keras.utils.set_random_seed(1)
    penalty = "l2" if kind == "penalty" else None
    model = network(sequential=kind == "sequential", kernel_regularizer=penalty)
    if kind == "frozen":
        model.layers[1].trainable = False
    for variable in model.trainable_variables:  # biases begin at 0, where sums could hide
        variable.assign_add(0.1 * np.random.default_rng(5).random(variable.shape))

    def loss(output: Any) -> Any:
        return tf.add_n([tf.reduce_mean(tf.square(output - 0.3)), *model.losses])

    output, gradients = tf.function(gradient(model))(images(), loss)
    assert len(pooled_biases(model)) == (1 if kind == "frozen" else 2)
    np.testing.assert_allclose(output, model(images(), training=True), rtol=1e-6)
    expected = plain(model, loss)
    assert len(gradients) == len(expected) and all(np.any(one) for one in expected)
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)


def test_a_model_without_pooling_has_the_plain_gradient() -> None:
    import tensorflow as tf
    from keras import Input, Sequential, layers

    from hhexp.training.gradient import gradient, pooled_biases

    model = Sequential([Input((12, 12, 3)), layers.Flatten(), layers.Dense(2)])

    def loss(output: Any) -> Any:
        return tf.reduce_mean(tf.square(output - 0.3))

    assert pooled_biases(model) == {}
    _, gradients = tf.function(gradient(model))(images(), loss)
    for one, other in zip(gradients, plain(model, loss), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"activation": "relu"}, {"bias_regularizer": "l2"}, {"use_bias": False}],
    ids=["activation", "penalty", "no bias"],
)
def test_other_convolutions_keep_the_plain_way(options: dict[str, Any]) -> None:
    from hhexp.training.gradient import pooled_biases

    assert pooled_biases(network(**options)) == {}


def test_a_convolution_that_is_read_twice_keeps_the_plain_way() -> None:
    from keras import Input, Model, layers

    from hhexp.training.gradient import pooled_biases

    inputs = Input((12, 12, 3))
    convolved = layers.Conv2D(4, 3)(inputs)
    pooled = layers.MaxPooling2D()(convolved)
    beside = layers.AveragePooling2D(2)(convolved)
    assert pooled_biases(Model(inputs, layers.Concatenate()([pooled, beside]))) == {}
    assert pooled_biases(Model(inputs, [pooled, convolved])) == {}
    assert len(pooled_biases(Model(inputs, pooled))) == 1

    layer = layers.Conv2D(3, 3, padding="same")
    twice = layers.MaxPooling2D()(layer(layer(inputs)))
    assert pooled_biases(Model(inputs, twice)) == {}

"""The gradient is the plain one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Network = Callable[..., Any]


def plain(model: Any, images: np.ndarray, loss: Callable[[Any], Any]) -> list[np.ndarray]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss(model(images, training=True))
    return [one.numpy() for one in tape.gradient(value, model.trainable_variables)]


@pytest.mark.parametrize("kind", ["graph", "sequential", "frozen", "penalty", "leaky"])
def test_the_gradient_is_the_plain_one(network: Network, images: np.ndarray, kind: str) -> None:
    import tensorflow as tf

    from hhexp.training.gradient import build_gradient

    penalty = "l2" if kind == "penalty" else None
    relu = {"negative_slope": 0.1} if kind == "leaky" else None
    model = network(sequential=kind == "sequential", relu=relu, kernel_regularizer=penalty)
    if kind == "frozen":
        model.layers[1].trainable = False
    for variable in model.trainable_variables:  # biases begin at 0, where sums could hide
        variable.assign_add(0.1 * np.random.default_rng(5).random(variable.shape))

    def loss(output: Any) -> Any:
        return tf.add_n([tf.reduce_mean(tf.square(output - 0.3)), *model.losses])

    output, gradients = tf.function(build_gradient(model))(images, loss)
    np.testing.assert_allclose(output, model(images, training=True), rtol=1e-6)
    expected = plain(model, images, loss)
    assert len(gradients) == len(expected) and all(np.any(one) for one in expected)
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)


def test_a_model_without_pooling_has_the_plain_gradient(images: np.ndarray) -> None:
    import tensorflow as tf
    from keras import Input, Sequential, layers

    from hhexp.training.gradient import build_gradient

    model = Sequential([Input((12, 12, 3)), layers.Flatten(), layers.Dense(2)])

    def loss(output: Any) -> Any:
        return tf.reduce_mean(tf.square(output - 0.3))

    _, gradients = tf.function(build_gradient(model))(images, loss)
    for one, other in zip(gradients, plain(model, images, loss), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_bias_has_its_whole_gradient_in_bfloat16_too() -> None:
    import tensorflow as tf
    from keras import Input, Model, layers

    from hhexp.training.gradient import build_gradient

    inputs = Input((96, 96, 3))
    pooled = layers.MaxPooling2D()(layers.Conv2D(2, 1, dtype="bfloat16")(inputs))
    model = Model(inputs, pooled)
    seen = np.ones((4, 96, 96, 3), np.float32)
    _, gradients = build_gradient(model)(seen, lambda output: tf.reduce_sum(output))
    np.testing.assert_allclose(gradients[1], [4 * 48 * 48] * 2, rtol=0.01)

"""The arrangement computes the same, and is taken only where it does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Network = Callable[..., Any]


def blocks(model: Any) -> list[Any]:
    import keras

    from hhexp.training.arrangement import find_blocks as found

    return found(keras.Model(model.inputs, model.outputs))


@pytest.mark.parametrize("sequential", [False, True], ids=["graph", "sequential"])
def test_the_outputs_are_the_same_to_the_bit_and_the_model_is_left_as_it_was(
    network: Network, images: np.ndarray, sequential: bool
) -> None:
    import keras

    from hhexp.training.arrangement import rearrange

    model = network(sequential=sequential)
    before = keras.saving.serialize_keras_object(model)
    rearranged, pooled = rearrange(model)
    assert [layer.__class__.__name__ for layer in rearranged.layers][1:5] == [
        "Conv2D", "Lambda", "MaxPooling2D", "Lambda",
    ]  # fmt: skip
    assert list(pooled) == [model.layers[at].bias.path for at in _convolutions(model)]
    assert np.array_equal(rearranged(images), model(images))
    assert keras.saving.serialize_keras_object(model) == before
    assert rearranged.trainable_variables == model.trainable_variables


def _convolutions(model: Any) -> list[int]:
    from keras import layers

    return [at for at, layer in enumerate(model.layers) if isinstance(layer, layers.Conv2D)]


@pytest.mark.parametrize("negative", [False, True], ids=["some rectified", "all rectified"])
def test_the_gradient_at_every_image_is_the_same_to_the_bit(
    network: Network, images: np.ndarray, negative: bool
) -> None:
    import tensorflow as tf

    from hhexp.training.arrangement import rearrange

    model = network()
    if negative:
        model.layers[1].bias.assign([-9.0] * 4)

    def gradient(each: Any) -> Any:
        seen = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(seen)
            value = tf.reduce_sum(each(seen))
        return tape.gradient(value, seen).numpy()

    plain = gradient(model)
    assert np.any(plain) != negative
    assert np.array_equal(gradient(rearrange(model)[0]), plain)


def test_a_layer_keeps_its_own_precision(network: Network, images: np.ndarray) -> None:
    import keras

    from hhexp.training.arrangement import rearrange

    model = network()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        rearranged, _ = rearrange(model)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.array_equal(rearranged(images), model(images))


@pytest.mark.parametrize(
    "options",
    [{"activation": "relu"}, {"bias_regularizer": "l2"}, {"use_bias": False}],
    ids=["activation", "penalty", "no bias"],
)
def test_other_convolutions_stay_as_they_are(network: Network, options: dict[str, Any]) -> None:
    assert blocks(network(**options)) == []


@pytest.mark.parametrize("relu", [{"max_value": 6}, {"negative_slope": 0.1}, {"threshold": 0.5}])
def test_another_relu_stays_behind_the_pooling(network: Network, relu: dict[str, float]) -> None:
    assert [block.relu for block in blocks(network(relu=relu))] == [None, None]


def test_what_is_read_twice_stays_as_it_is() -> None:
    from keras import Input, Model, layers

    inputs = Input((12, 12, 3))
    convolved = layers.Conv2D(4, 3)(inputs)
    pooled = layers.MaxPooling2D()(convolved)
    rectified = layers.ReLU()(pooled)
    beside = layers.AveragePooling2D(2)(convolved)
    assert blocks(Model(inputs, layers.Concatenate()([pooled, beside]))) == []
    assert blocks(Model(inputs, [pooled, convolved])) == []
    (both,) = blocks(Model(inputs, layers.Add()([pooled, rectified])))
    assert both.relu is None
    (alone,) = blocks(Model(inputs, rectified))
    assert alone.relu is not None

    layer = layers.Conv2D(3, 3, padding="same")
    twice = layers.MaxPooling2D()(layer(layer(inputs)))
    assert blocks(Model(inputs, twice)) == []

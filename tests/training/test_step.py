"""The cross-entropy is Keras's, and its gradient is the probability less the label."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from hhexp.training.step import cross_entropy

LOGITS = np.array([-90, -20, -3, -0.1, 0, 0.1, 3, 20, 90], np.float32)


@tf.function
def compare(logits: Any, labels: Any) -> tuple[Any, Any]:
    """[B] cross-entropy under a sigmoid, and its gradient by the logits."""
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = cross_entropy(labels, tf.sigmoid(logits[:, None]))
    return losses, tape.gradient(losses, logits)


@pytest.mark.parametrize("label", [0, 1])
def test_a_sigmoids_cross_entropy_does_not_saturate(label: int) -> None:
    labels = np.full(len(LOGITS), label)
    losses, gradient = compare(tf.constant(LOGITS), tf.constant(labels))
    z = LOGITS.astype(np.float64)
    np.testing.assert_allclose(losses, np.log1p(np.exp(z * (1 - 2 * label))), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-z)) - label, rtol=1e-5, atol=1e-7)


@tf.function
def compare_with_keras(output: Any, labels: Any) -> tuple[Any, Any]:
    """A cross-entropy from probabilities that no sigmoid gave, and Keras's."""
    return cross_entropy(labels, output), keras.losses.binary_crossentropy(labels[:, None], output)


def test_other_probabilities_are_compared_as_keras_does() -> None:
    output = tf.constant([[0.1], [0.9], [0.5]])
    ours, theirs = compare_with_keras(output, tf.constant([0, 1, 1]))
    np.testing.assert_array_equal(ours, theirs)

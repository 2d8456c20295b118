"""The cross-entropy is Keras's, its gradient is the probability less the target; weights and a
person's own losses count in training."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from hhexp.config.registry import loss_function
from hhexp.config.schema import Loss
from hhexp.errors import UserError
from hhexp.training.loss import build_loss, cross_entropy
from hhexp.training.step import build_evaluation_step, build_training_step

LOGITS = np.array([-90, -20, -3, -0.1, 0, 0.1, 3, 20, 90], np.float32)


@tf.function
def compare(logits: Any, labels: Any, smoothing: float) -> tuple[Any, Any]:
    """[B] cross-entropy under a sigmoid, and its gradient by the logits."""
    with tf.GradientTape() as tape:
        tape.watch(logits)
        output = tf.sigmoid(logits[:, None])
        losses = cross_entropy(labels, output, label_smoothing=smoothing)
    return losses, tape.gradient(losses, logits)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_sigmoids_cross_entropy_does_not_saturate(label: int, smoothing: float) -> None:
    labels = np.full(len(LOGITS), label)
    losses, gradient = compare(tf.constant(LOGITS), tf.constant(labels), smoothing)
    z, target = LOGITS.astype(np.float64), label * (1 - smoothing) + smoothing / 2
    expected = target * np.log1p(np.exp(-z)) + (1 - target) * np.log1p(np.exp(z))
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-z)) - target, rtol=1e-5, atol=1e-7)


@tf.function
def compare_with_keras(output: Any, labels: Any) -> tuple[Any, Any]:
    """A cross-entropy from probabilities that no sigmoid gave, and Keras's."""
    return cross_entropy(labels, output), keras.losses.binary_crossentropy(labels[:, None], output)


def test_other_probabilities_are_compared_as_keras_does() -> None:
    output = tf.constant([[0.1], [0.9], [0.5]])
    ours, theirs = compare_with_keras(output, tf.constant([0, 1, 1]))
    np.testing.assert_array_equal(ours, theirs)


def test_smoothing_shares_a_part_of_the_truth_among_all_classes() -> None:
    output = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32)
    smoothed = cross_entropy(tf.constant([0, 1]), tf.constant(output), label_smoothing=0.3)
    targets = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    np.testing.assert_allclose(smoothed, -(targets * np.log(output)).sum(axis=1), rtol=1e-5)


def test_balanced_weights_let_each_class_count_the_same() -> None:
    labels = np.array([0, 0, 0, 1])
    weighted = build_loss(Loss(class_weight="balanced"), labels, classes=2)
    output = tf.constant([[0.5]] * 4)
    ratio = weighted(tf.constant(labels), output) / cross_entropy(tf.constant(labels), output)
    np.testing.assert_allclose(ratio, [2 / 3, 2 / 3, 2 / 3, 2], rtol=1e-6)


def test_a_class_without_images_leaves_the_others_weights_finite() -> None:
    weighted = build_loss(Loss(class_weight="balanced"), np.array([0, 0, 2]), classes=3)
    losses = weighted(tf.constant([0, 2]), tf.fill((2, 3), 1 / 3))
    np.testing.assert_allclose(losses, np.log(3) * np.array([0.75, 1.5]), rtol=1e-5)


def test_the_loss_that_is_trained_is_the_one_that_is_reported_of_training(
    images: np.ndarray, network: Any
) -> None:
    model, labels = network(), np.array([0, 0, 0, 1])
    _, plain = build_evaluation_step(model)(images, labels)
    settings = Loss.model_validate({"class_weight": "balanced", "label_smoothing": 0.5})
    loss = build_loss(settings, labels, classes=2)
    trained, _ = build_training_step(model, keras.optimizers.SGD(), loss)(images, labels)
    output = tf.constant(network()(images))
    assert trained == pytest.approx(float(tf.reduce_sum(loss(tf.constant(labels), output))), 1e-5)
    assert trained != pytest.approx(float(tf.reduce_sum(plain)), 1e-3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (tf.reduce_mean, r"one loss for each image.* not float32 of shape \(\)"),
        (lambda losses: losses[:, None], "one loss for each image"),
        (lambda losses: tf.cast(losses, tf.int32), "not int32"),
        (lambda losses: losses.nothing, "no attribute 'nothing'"),
        (lambda losses: None, "loss.function=mine: "),
    ],
)  # fmt: skip
def test_what_is_no_loss_of_each_image_is_refused_before_training(
    given: Any, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mine(labels: Any, output: Any) -> Any:
        return given(cross_entropy(labels, output))

    monkeypatch.setitem(loss_function.functions, "mine", mine)
    with pytest.raises(UserError, match=said):
        build_loss(Loss(function="mine"), np.array([0, 1]), classes=2)

"""One training step, and one step of evaluation, as TensorFlow functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hhexp.training.arrangement import rearrange
from hhexp.training.gradient import build_gradient

if TYPE_CHECKING:
    import keras

TrainingStep = Callable[[Any, Any], tuple[float, int]]
"""From images [B, H, W, 3] and labels [B] to the sum of the losses and the number right."""

EvaluationStep = Callable[[Any, Any], tuple[Any, Any]]
"""From images [B, H, W, 3] and labels [B] to probabilities [B, C] and losses [B]."""


def build_training_step(
    model: "keras.Model", optimizer: "keras.optimizers.Optimizer"
) -> TrainingStep:
    """A function that takes one step of gradient descent on the mean cross-entropy.

    It is the custom step of Keras's guide "Writing a training loop from scratch in TensorFlow",
    since ``train_on_batch`` keeps no mean over an epoch. What a layer adds to ``model.losses``,
    such as a weight penalty, counts in the gradient and not in the reported loss.
    """
    import tensorflow as tf

    optimizer.build(model.trainable_variables)
    differentiate = build_gradient(model)

    # One trace for every batch size: the last batch of an epoch is smaller than the others.
    @tf.function(reduce_retracing=True)
    def step(images: Any, labels: Any) -> Any:
        def loss(output: Any) -> Any:
            return tf.add_n([tf.reduce_mean(cross_entropy(labels, output)), *model.losses])

        output, gradients = differentiate(images, loss)
        optimizer.apply(gradients, model.trainable_variables)
        losses = cross_entropy(labels, output)
        right = tf.equal(tf.argmax(probabilities(output), axis=1), labels)
        return tf.reduce_sum(losses), tf.math.count_nonzero(right)

    def take(images: Any, labels: Any) -> tuple[float, int]:
        loss, right = step(images, labels)
        return float(loss), int(right)

    return take


def build_evaluation_step(model: "keras.Model") -> EvaluationStep:
    """A function that gives a model's answers and their cross-entropy, in nats."""
    import tensorflow as tf

    rearranged, _ = rearrange(model)

    @tf.function(reduce_retracing=True)
    def step(images: Any, labels: Any) -> Any:
        output = rearranged(images, training=False)
        return probabilities(output), cross_entropy(labels, output)

    return step


def cross_entropy(labels: Any, output: Any) -> Any:
    """[B] cross-entropy of labels [B] under a model's output, [B, 1] (sigmoid) or [B, C] (softmax).

    Inside a TensorFlow function Keras takes it from the logits, so that it does not saturate.
    """
    from keras import losses

    if output.shape[-1] == 1:
        return losses.binary_crossentropy(labels[:, None], output)
    return losses.sparse_categorical_crossentropy(labels, output)


def probabilities(output: Any) -> Any:
    """[B, C] each class's probability from a model's output; a sigmoid's is that of class 1."""
    from keras import ops

    if output.shape[-1] == 1:
        return ops.concatenate([1 - output, output], axis=1)
    return output

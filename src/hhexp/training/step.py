"""One training step, and one step of evaluation, as TensorFlow functions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hhexp.training.arrangement import rearrange
from hhexp.training.exact import trace_exactly
from hhexp.training.gradient import build_gradient
from hhexp.training.loss import PerImage, cross_entropy

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class TrainingStep:
    """From images [B, H, W, 3] and labels [B] to the sum of the losses and the number right."""

    function: Any
    """The same as a TensorFlow function, which gives tensors."""

    def __call__(self, images: Any, labels: Any) -> tuple[float, int]:
        """Take a step, and wait for it."""
        loss, right = self.function(images, labels)
        return float(loss), int(right)


EvaluationStep = Any
"""A TensorFlow function from images [B, H, W, 3] and labels [B] to probabilities [B, C] and
losses [B]."""


def build_training_step(
    model: "keras.Model",
    optimizer: "keras.optimizers.Optimizer",
    image_loss: PerImage = cross_entropy,
) -> TrainingStep:
    """A function that takes one step of gradient descent on the mean of ``image_loss``.

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
            return tf.add_n([tf.reduce_mean(image_loss(labels, output)), *model.losses])

        with trace_exactly():
            output, gradients = differentiate(images, loss)
            optimizer.apply(gradients, model.trainable_variables)
            losses = image_loss(labels, output)
            right = tf.equal(tf.argmax(probabilities(output), axis=1), labels)
            return tf.reduce_sum(losses), tf.math.count_nonzero(right)

    return TrainingStep(step)


def build_evaluation_step(model: "keras.Model") -> EvaluationStep:
    """A function that gives a model's answers and their cross-entropy, in nats."""
    import tensorflow as tf

    rearranged, _ = rearrange(model)

    @tf.function(reduce_retracing=True)
    def step(images: Any, labels: Any) -> Any:
        with trace_exactly():
            output = rearranged(images, training=False)
            return probabilities(output), cross_entropy(labels, output)

    return step


def probabilities(output: Any) -> Any:
    """[B, C] each class's probability from a model's output; a sigmoid's is that of class 1."""
    from keras import ops

    if output.shape[-1] == 1:
        return ops.concatenate([1 - output, output], axis=1)
    return output

"""What a training makes small: a loss for each image, your own ones too, and what each counts.

``train/loss`` is the loss that is trained, smoothed and weighted as the configuration says.
``val/loss`` and ``test/loss`` are the plain cross-entropy whatever is trained, so that runs with
other losses can be compared by them.
"""

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from hhexp.config.registry import loss_function
from hhexp.config.schema import Loss
from hhexp.errors import UserError, one_line

PerImage = Callable[[Any, Any], Any]
"""From labels [B] and a model's output, [B, 1] (sigmoid) or [B, C] (softmax), to losses [B]."""

Smoothing = Annotated[float, Field(ge=0, lt=1)]


def build_loss(settings: Loss, labels: np.ndarray, classes: int) -> PerImage:
    """The loss that a configuration names, times what an image of each class counts.

    ``balanced`` weights are N / (C · N_c), as scikit-learn's ``compute_class_weight`` has them:
    their mean over the training images is 1. A class without images counts nothing.

    Args:
        settings: the function, its parameters and the weights.
        labels: [N] int64, the training images' true classes.
        classes: how many there are.

    Raises:
        UserError: the function fails, or does not give one loss for each image.
    """
    function, arguments = loss_function.functions[settings.function], settings.arguments

    def plain(labels: Any, output: Any) -> Any:
        return function(labels, output, **arguments)

    _check(plain, settings.function, 1 if classes == 2 else classes)
    if settings.class_weight is None:
        return plain
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))

    def weighted(labels: Any, output: Any) -> Any:
        import tensorflow as tf

        losses = plain(labels, output)
        return losses * tf.gather(tf.constant(weights, losses.dtype), labels)

    return weighted


def _check(loss: PerImage, name: str, outputs: int) -> None:
    """Trace a loss once, before anything is trained with it.

    Raises:
        UserError: it fails, or does not give one loss for each image.
    """
    import tensorflow as tf

    labels, output = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, outputs], tf.float32)
    try:
        traced = tf.function(loss, autograph=False).get_concrete_function(labels, output)
        given = traced.structured_outputs
        fits = given.shape.rank == 1 and given.dtype.is_floating
    except Exception as error:
        raise UserError(f"loss.function={name}: {one_line(error)}") from error
    if not fits:
        raise UserError(
            f"loss.function={name}: must give one loss for each image, [B] floats, not "
            f"{given.dtype.name} of shape {given.shape}"
        )


@loss_function
def cross_entropy(labels: Any, output: Any, *, label_smoothing: Smoothing = 0.0) -> Any:
    """[B] cross-entropy of labels [B] under a model's output, [B, 1] (sigmoid) or [B, C] (softmax).

    With ``label_smoothing`` s the true class's probability is 1 − s + s / C and each other's s / C
    (C. Szegedy et al., Rethinking the Inception architecture, CVPR 2016, section 7).

    Inside a TensorFlow function it is taken from the logits, so that it does not saturate.
    """
    from keras import losses, ops

    if output.shape[-1] == 1:
        if (operation := getattr(output, "op", None)) and operation.type == "Sigmoid":
            return _sigmoid_cross_entropy(labels, operation.inputs[0], label_smoothing)
        return losses.binary_crossentropy(labels[:, None], output, label_smoothing=label_smoothing)
    if not label_smoothing:
        return losses.sparse_categorical_crossentropy(labels, output)
    targets = ops.one_hot(labels, output.shape[-1], dtype=output.dtype)
    return losses.categorical_crossentropy(targets, output, label_smoothing=label_smoothing)


def _sigmoid_cross_entropy(labels: Any, logits: Any, smoothing: float) -> Any:
    """[B] cross-entropy of labels [B] under the sigmoid of logits [B, 1].

    The value is TensorFlow's own. So is the gradient, sigmoid − target, but for its last bits:
    TensorFlow would take a Reciprocal for it, where each vendor's CPUs round differently.
    """
    import tensorflow as tf

    targets = tf.cast(labels[:, None], logits.dtype)
    if smoothing:
        targets = targets * (1 - smoothing) + smoothing / 2

    @tf.custom_gradient
    def compare(logits: Any) -> tuple[Any, Callable[[Any], Any]]:
        def backward(upstream: Any) -> Any:
            return upstream * tf.sigmoid(logits) - upstream * targets

        return tf.nn.sigmoid_cross_entropy_with_logits(targets, logits), backward

    return compare(logits)[:, 0]

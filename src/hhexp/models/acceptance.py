"""What a builder has returned, before it is trained.

What could not be trained, saved or asked later is refused in one line.
"""

import json
import random
import textwrap
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.errors import UserError, one_line

if TYPE_CHECKING:
    import keras

SUM_TOLERANCE = 1e-3
"""How far the probabilities of an image may be from 1 in sum."""
REASON_LENGTH = 200
"""Letters of Keras's reason that a message repeats."""
REGISTER = "decorate it with @keras.saving.register_keras_serializable()"
REMEDY = "give its last layer activation='sigmoid' for one output, 'softmax' for more"


def check_built(model: Any, input_shape: tuple[int, int, int], classes: int) -> None:
    """Check that a model can be trained on images, saved, loaded and asked.

    It is asked about a few drawn images, and built again from what would be saved of it, without
    weights. Neither moves a number of its training.

    Args:
        model: what a builder has returned.
        input_shape: (height, width, 3) of the images.
        classes: how many there are.

    Raises:
        UserError: it cannot.
    """
    check_inputs_and_outputs(model, input_shape, classes)
    check_weights(model)
    check_layers(model)
    check_saving(model)
    check_answers(model, input_shape)


def check_inputs_and_outputs(model: Any, input_shape: tuple[int, int, int], classes: int) -> None:
    """Check that a model leads from one batch of images to one answer for each."""
    import keras

    if not isinstance(model, keras.Model):
        raise UserError(f"must return a keras.Model, not {_name(model)}")
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise UserError(
            f"{type(model).__name__} has no inputs and outputs that can be seen: build a "
            "keras.Model(inputs, outputs), or a keras.Sequential that starts with keras.Input"
        )
    for what, tensors in (("input", inputs), ("output", outputs)):
        if len(tensors) != 1:
            raise UserError(f"the model must have one {what}, not {len(tensors)}")
    if tuple(inputs[0].shape) != (None, *input_shape):
        raise UserError(
            f"the model takes inputs of shape {_write_shape(inputs[0].shape)}, but the images have "
            f"{_write_shape((None, *input_shape))}: use the builder's input_shape"
        )
    allowed = [(None, 1), (None, 2)] if classes == 2 else [(None, classes)]
    if tuple(outputs[0].shape) not in allowed:
        raise UserError(
            f"the model's output has the shape {_write_shape(outputs[0].shape)}, but "
            f"{classes} classes need {_write_shape(allowed[0])}: use the builder's outputs"
        )
    if outputs[0].dtype != "float32":
        raise UserError(
            f"the model's output is of {outputs[0].dtype}: give its last layer dtype='float32'"
        )


def check_weights(model: "keras.Model") -> None:
    """Check that there is something to train, and that it starts from numbers."""
    if not model.trainable_weights:
        raise UserError("the model has no weights that can be trained")
    for weight in model.weights:
        if not np.isfinite(np.asarray(weight.value, np.float32)).all():
            raise UserError(f"the model's weights start with NaN or infinity: {weight.path}")


def check_layers(model: "keras.Model") -> None:
    """Check that no layer carries code, which a saved model must not, or is unknown to Keras."""
    import keras

    for layer in [model, *model._flatten_layers(include_self=False)]:
        kind = type(layer)
        if isinstance(layer, keras.layers.Lambda):
            raise UserError(
                f"the layer {layer.name} is a Lambda, which could not be loaded later: write a "
                f"layer class in its place, and {REGISTER}"
            )
        if kind.__module__.partition(".")[0] == "keras":
            continue
        if "<locals>" in kind.__qualname__:
            raise UserError(
                f"{kind.__name__} ({layer.name}) could not be loaded later: define the class at "
                f"the top of its module, not in a function, and {REGISTER}"
            )
        if keras.saving.get_registered_object(keras.saving.get_registered_name(kind)) is None:
            raise UserError(f"{kind.__name__} ({layer.name}) could not be loaded later: {REGISTER}")


def check_saving(model: "keras.Model") -> None:
    """Check that Keras can build the model again from what it saves of it.

    Without weights: in a graph they have shapes and take up nothing.
    """
    import keras
    import tensorflow as tf

    drawn = random.getstate()  # a layer such as Dropout draws its seed when it is made
    try:
        with warnings.catch_warnings(), tf.Graph().as_default():
            warnings.simplefilter("ignore")  # what cannot be loaded is an error below
            saved = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
            again = keras.saving.deserialize_keras_object(saved, safe_mode=True)
    except Exception as error:  # Keras raises many kinds
        raise UserError(f"the model could not be loaded later: {_shorten_reason(error)}") from error
    finally:
        random.setstate(drawn)
    if _list_shapes(again) != _list_shapes(model):
        raise UserError(
            "the model would be loaded with weights of other shapes: each of its own layers needs "
            "a get_config with all arguments of its __init__"
        )


def check_answers(model: "keras.Model", input_shape: tuple[int, int, int]) -> None:
    """Check that the answers to some images are probabilities."""
    import keras

    last = model.outputs[0]._keras_history.operation
    activation = getattr(last, "activation", None)
    if activation in (keras.activations.linear, keras.activations.relu, keras.activations.tanh):
        raise UserError(f"the model's last layer, {last.name}, gives no probabilities: {REMEDY}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Keras warns of is an error below
            answers = np.asarray(model(_draw_images(input_shape), training=False))
    except Exception as error:
        raise UserError(f"the model has no answer to images: {_shorten_reason(error)}") from error
    if not np.isfinite(answers).all():
        raise UserError("the model's answers are NaN or infinite before it is trained")
    if answers.shape[1] == 1 and (answers == 1).all():
        raise UserError(
            "the model answers every image, a black one too, with 1, as the softmax of a single "
            f"number does: {REMEDY}"
        )
    sums = answers.sum(axis=1)
    wrong = answers[(answers < 0) | (answers > 1)]
    if not len(wrong) and answers.shape[1] > 1:
        wrong = sums[np.abs(sums - 1) > SUM_TOLERANCE]
    if len(wrong):
        of = "" if answers.shape[1] == 1 else " that add up to 1"
        raise UserError(
            f"the model must answer with probabilities{of}, not with {wrong[0]:.4g}: {REMEDY}"
        )


def _draw_images(shape: tuple[int, int, int]) -> np.ndarray:
    """[4, H, W, 3] uint8: a black, a white, a noisy and a slowly changing one."""
    images = np.zeros((4, *shape), np.uint8)
    images[1] = 255
    images[2] = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    images[3] = np.linspace(0, 255, shape[1], dtype=np.uint8)[None, :, None]
    return images


def _list_shapes(model: "keras.Model") -> list[tuple[int, ...]]:
    return [tuple(variable.shape) for variable in model.variables]


def _write_shape(shape: Sequence[int | None]) -> str:
    """Without the number of images: 300×300×3."""
    sizes = ["any" if size is None else str(size) for size in shape]
    return "×".join(sizes[1:] if sizes[:1] == ["any"] else sizes) or "a number"


def _name(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _shorten_reason(error: Exception) -> str:
    """An error's innermost cause: Keras puts whole configurations before and behind it."""
    cause = one_line(error).rpartition("Exception encountered:")[2]
    return textwrap.shorten(cause.partition(" Full object config:")[0], REASON_LENGTH)

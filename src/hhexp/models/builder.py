"""Calls the builder that a configuration names."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hhexp.config.registry import model_builder
from hhexp.errors import UserError

if TYPE_CHECKING:
    import keras

CHECKS: dict[str, Callable[..., None]] = {}
"""For a builder's name: ``check(side, **arguments)``, which raises a UserError where the model
cannot be built for images of ``side`` pixels. It runs before anything heavy is imported."""


def check_model(builder: str, arguments: Mapping[str, Any], side: int) -> None:
    """Check, without building it, that a model can be built for images of ``side`` pixels.

    Raises:
        UserError: the images are too small for it, or something that it needs is missing.
    """
    if builder in CHECKS:
        CHECKS[builder](side, **arguments)


def require_side(side: int, minimum: int) -> None:
    """Check the images' size.

    Raises:
        UserError: ``side`` is below ``minimum``, in pixels.
    """
    if side < minimum:
        raise UserError(
            f"data.image_size: images of {side} pixels are too small for this model, "
            f"which needs {minimum} or more"
        )


def build(
    builder: str, arguments: Mapping[str, Any], input_shape: tuple[int, int, int], classes: int
) -> "keras.Model":
    """Build a model for images of ``input_shape`` = (height, width, 3) and so many classes.

    Raises:
        UserError: the images are too small for it, or something that it needs is missing.
    """
    check_model(builder, arguments, min(input_shape[:2]))
    outputs = 1 if classes == 2 else classes
    model: keras.Model = model_builder.functions[builder](input_shape, outputs, **arguments)
    return model


def output_layer(outputs: int) -> "keras.layers.Layer":
    """The last layer: probabilities in float32, whatever the precision of the layers before."""
    from keras import layers

    activation = "sigmoid" if outputs == 1 else "softmax"
    return layers.Dense(outputs, activation=activation, dtype="float32", name="probability")

"""Calls the builder that a configuration names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.config.registry import model_builder
from hhexp.errors import UserError, locate
from hhexp.models.acceptance import check_built

if TYPE_CHECKING:
    import keras

CHECKS: dict[str, Callable[..., None]] = {}
"""For a builder's name: ``check(side, **arguments)``, which raises a UserError where the model
cannot be built for images of ``side`` pixels. It runs before anything heavy is imported."""

FILES: dict[str, Callable[..., dict[str, Path]]] = {}
"""For a builder's name: ``list_files(**arguments)``, the files that it reads, each under the key
that may name it. Their content is part of a run's identity."""


def list_files(builder: str, arguments: Mapping[str, Any]) -> dict[str, Path]:
    """The files that a builder reads, by the keys that may name them.

    Raises:
        UserError: one is missing.
    """
    return FILES[builder](**arguments) if builder in FILES else {}


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
        UserError: the images are too small for it, something that it needs is missing, the builder
            fails, or what it returns could not be trained, saved or asked later.
    """
    check_model(builder, arguments, min(input_shape[:2]))
    outputs = 1 if classes == 2 else classes
    function = model_builder.functions[builder]
    try:
        model = function(input_shape, outputs, **arguments)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"model.builder={builder}: {locate(error, function)}") from error
    if function.__module__.partition(".")[0] != "hhexp":  # tests check hhexp's own
        try:
            check_built(model, input_shape, classes)
        except UserError as error:
            raise UserError(f"model.builder={builder}: {error}") from error
    built: keras.Model = model
    return built


def output_layer(outputs: int) -> "keras.layers.Layer":
    """The last layer: probabilities in float32, whatever the precision of the layers before."""
    from keras import layers

    activation = "sigmoid" if outputs == 1 else "softmax"
    return layers.Dense(outputs, activation=activation, dtype="float32", name="probability")

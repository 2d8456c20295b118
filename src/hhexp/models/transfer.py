"""A pretrained InceptionV3 under a new head."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hhexp.config.registry import model_builder
from hhexp.errors import UserError
from hhexp.models.builder import CHECKS, output_layer, require_side

if TYPE_CHECKING:
    import keras

WEIGHTS_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
"""The name under which Keras publishes and caches InceptionV3 without its top."""


@model_builder
def transfer(
    input_shape: tuple[int, int, int],
    outputs: int,
    *,
    cut: str,
    dense_units: Annotated[int, Field(ge=1)],
    weights: str | None,
) -> "keras.Model":
    """InceptionV3 up to one of its layers, frozen, then a dense head that is trained.

    Args:
        input_shape: (height, width, 3) of the images, values 0 … 255.
        outputs: 1 for two classes (sigmoid), else the number of classes (softmax).
        cut: the name of the layer after which the head follows, such as ``mixed7``.
        dense_units: units of the head's hidden layer.
        weights: the weights file, or None for the one in Keras's cache.

    Raises:
        UserError: there is no weights file, it does not fit, or no layer is called ``cut``.
    """
    file = find_weights(weights)
    import keras
    from keras import layers

    base = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=input_shape, name="inception_v3"
    )
    try:
        base.load_weights(file)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"model.weights: {file} does not contain InceptionV3: {reason}") from error
    if cut not in {layer.name for layer in base.layers}:
        mixed = ", ".join(layer.name for layer in base.layers if layer.name.startswith("mixed"))
        raise UserError(f"model.cut={cut}: InceptionV3 has no such layer; available: {mixed}")
    trunk = keras.Model(base.input, base.get_layer(cut).output, name="trunk")
    trunk.trainable = False

    x = images = keras.Input(input_shape, name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(x)
    x = trunk(x, training=False)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return keras.Model(images, output_layer(outputs)(x), name="transfer")


def find_weights(weights: str | None) -> Path:
    """The file named, or the one in Keras's cache.

    Raises:
        UserError: there is none; the message says how to get one.
    """
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    file = Path(weights).expanduser() if weights else Path(home) / "models" / WEIGHTS_FILE
    if not file.is_file():
        raise UserError(
            f"model=transfer: there are no weights at {file}; give a file with model.weights=PATH, "
            "or let Keras download them once: "
            "python -c 'import keras; keras.applications.InceptionV3(include_top=False)'"
        )
    return file


def check(side: int, *, cut: str, dense_units: int, weights: str | None) -> None:
    """Check the images' size against InceptionV3's documented limit, and that weights are there."""
    require_side(side, 75)
    find_weights(weights)


CHECKS["transfer"] = check

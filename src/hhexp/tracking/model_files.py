"""A ``.keras`` file of other people, looked at before Keras makes the model that it describes.

The model is built once in a graph, where the weights have shapes but take up nothing.
"""

import math
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.errors import UserError
from hhexp.limits import MODEL_BYTES, TEXT_BYTES
from hhexp.reading import MAPPING, damaged, parse_json

if TYPE_CHECKING:
    import keras

BATCH = 32
"""Images that a model is asked about at once."""
FLOAT_BYTES = 4
EXTENSIONS = ("keras_hub", "keras_cv", "keras_nlp")
"""Packages that Keras imports where a file names them, if need be from the current folder."""


def check_model_file(file: Path, where: str) -> None:
    """Check that the model in a file can be made without importing code or filling the memory.

    Args:
        file: a zip file, as Keras writes it.
        where: what messages call its origin.

    Raises:
        UserError: it is damaged or too large, or names a package that is not imported.
        Exception: of any kind, where Keras cannot build the model.
    """
    config = _read_config(file, where)
    if named := sorted(set(_find_packages(config)) & set(EXTENSIONS) - sys.modules.keys()):
        raise UserError(f"{where}: its model needs {named[0]}, which a file cannot have imported")
    MODEL_BYTES.check(_measure(config), f"{where}: its model, asked about {BATCH} images at once")


def _read_config(file: Path, where: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(file) as parts:
            TEXT_BYTES.check(parts.getinfo("config.json").file_size, f"{where}: config.json")
            return MAPPING.validate_python(parse_json(parts.read("config.json").decode()))
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise damaged(f"{where}: its model", ValueError(f"config.json: {error}")) from error


def _find_packages(value: Any) -> Iterator[str]:
    """The packages of all modules that nested values name."""
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _find_packages(inner)
    if isinstance(value, dict) and isinstance(value.get("module"), str):
        yield value["module"].partition(".")[0]


def _measure(config: dict[str, Any]) -> int:
    """The bytes of a model's weights, and of the largest result of its layers for a batch."""
    import keras
    import tensorflow as tf

    with tf.Graph().as_default():
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        weights = sum(math.prod(variable.shape) for variable in model.variables)
        largest = max(map(math.prod, _list_shapes(model)), default=0)
    return FLOAT_BYTES * (weights + BATCH * largest)


def _list_shapes(model: "keras.Model") -> Iterator[list[int]]:
    """The shapes of all layers' results for one image."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _list_shapes(layer)
        try:
            outputs = layer.output
        except (AttributeError, ValueError):  # it has none, or several
            continue
        for output in outputs if isinstance(outputs, list | tuple) else [outputs]:
            yield [size or 1 for size in output.shape[1:]]

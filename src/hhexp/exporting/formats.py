"""The formats of an exported model: how each is written, and how a written one is asked.

Every one takes images [N, H, W, 3] uint8, RGB, 0 … 255, under the name ``images``, and answers with
``probabilities`` [N, C] float32. Images are of the model's size: hhexp resizes with Pillow, and no
format's own operation gives the same pixels.
"""

import contextlib
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.errors import UserError, one_line
from hhexp.training.runtime import quiet_stderr
from hhexp.training.step import probabilities

if TYPE_CHECKING:
    import keras

Answer = Callable[[np.ndarray], np.ndarray]
"""From images [N, H, W, 3] uint8 to probabilities [N, C] float32."""


@dataclass(frozen=True)
class Format:
    """One format."""

    file: str
    """The name of the model's file or folder."""
    write: Callable[["keras.Model", Path], None]
    """Writes the model that ``wrap`` makes to a path."""
    open: Callable[[Path], Answer]
    """Opens what was written, to be asked."""
    needs: tuple[str, ...] = ()
    """Packages of the extra ``export`` that it needs."""
    usage: str = ""
    """How it is asked in Python, as lines of code, with ``images`` at hand."""


def wrap(network: "keras.Model", height: int, width: int) -> "keras.Model":
    """A run's network as one that takes whole numbers and gives each class's probability."""
    import keras

    images = keras.Input((height, width, 3), dtype="uint8", name="images")
    # It casts, and multiplies by one: the network's own layers scale.
    numbers = keras.layers.Rescaling(1.0, dtype="float32", name="numbers")(images)
    return keras.Model(images, probabilities(network(numbers)), name="exported")


def _write_keras(model: "keras.Model", path: Path) -> None:
    model.save(path)


def _open_keras(path: Path) -> Answer:
    import keras

    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return lambda images: np.asarray(model(images, training=False))


def _write_saved_model(model: "keras.Model", path: Path) -> None:
    import keras

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", lambda images: _answer(model, images), [_describe_images(model)])
    archive.write_out(path, verbose=False)


def _answer(model: "keras.Model", images: Any) -> dict[str, Any]:
    return {"probabilities": model(images, training=False)}


def _describe_images(model: "keras.Model") -> Any:
    """What the exported function takes: any number of images."""
    import tensorflow as tf

    return tf.TensorSpec([None, *model.input_shape[1:]], tf.uint8, "images")


def _open_saved_model(path: Path) -> Answer:
    import tensorflow as tf

    loaded: Any = tf.saved_model.load(str(path))
    return lambda images: np.asarray(loaded.serve(images)["probabilities"])


def _write_onnx(model: "keras.Model", path: Path) -> None:
    import tensorflow as tf
    import tf2onnx

    function = tf.function(lambda images: _answer(model, images))
    signature = [_describe_images(model)]
    tf2onnx.convert.from_function(function, signature, opset=OPSET, output_path=str(path))


def _open_onnx(path: Path) -> Answer:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: np.asarray(session.run(["probabilities"], {"images": images})[0])


def _write_tflite(model: "keras.Model", path: Path) -> None:
    import tensorflow as tf

    with tempfile.TemporaryDirectory(prefix="hhexp-") as folder:
        _write_saved_model(model, Path(folder))  # the converter loses the weights of a function
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serve"])
        path.write_bytes(converter.convert())


def _open_tflite(path: Path) -> Answer:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path))
    runner = interpreter.get_signature_runner()
    return lambda images: np.asarray(runner(images=images)["probabilities"])


OPSET = 17
"""The version of ONNX's operators: of 2022, which today's runtimes all have."""
FORMATS = {
    "keras": Format(
        "model.keras",
        _write_keras,
        _open_keras,
        usage="import keras\n\n"
        'model = keras.saving.load_model("model.keras", compile=False)\n'
        "probabilities = model(images, training=False)\n",
    ),
    "saved_model": Format(
        "saved_model",
        _write_saved_model,
        _open_saved_model,
        usage='import tensorflow as tf\n\nmodel = tf.saved_model.load("saved_model")\n'
        'probabilities = model.serve(images)["probabilities"]\n',
    ),
    "onnx": Format(
        "model.onnx",
        _write_onnx,
        _open_onnx,
        ("tf2onnx", "onnx", "onnxruntime"),
        "import onnxruntime\n\n"
        'session = onnxruntime.InferenceSession("model.onnx")\n'
        '(probabilities,) = session.run(["probabilities"], {"images": images})\n',
    ),
    "tflite": Format(
        "model.tflite",
        _write_tflite,
        _open_tflite,
        usage='import tensorflow as tf\n\nmodel = tf.lite.Interpreter("model.tflite")\n'
        'probabilities = model.get_signature_runner()(images=images)["probabilities"]\n',
    ),
}
"""By what ``--to`` calls them."""


def check_installed(name: str) -> None:
    """Check that what a format needs is there, before anything that takes long.

    Raises:
        UserError: a package is not installed.
    """
    if missing := [package for package in FORMATS[name].needs if find_spec(package) is None]:
        raise UserError(
            f"--to {name}: {', '.join(missing)} not installed: pip install 'hhexp[export]'"
        )


def write(name: str, model: "keras.Model", folder: Path) -> Answer:
    """Write a wrapped model into a folder, and open what was written.

    Raises:
        UserError: the format cannot hold this model.
    """
    form = FORMATS[name]
    try:
        with _silence():
            form.write(model, folder / form.file)
            return form.open(folder / form.file)
    except Exception as error:  # converters raise many kinds
        raise UserError(
            f"--to {name}: this model cannot be converted: {one_line(error)}"
        ) from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without what converters print, write to stderr and warn of: what counts is what comes out."""
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
        quiet_stderr(),
    ):
        yield

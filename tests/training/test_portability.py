"""The ops that a vendor's CPUs compute in their own way are found in a run's graphs, and named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from hhexp import models
from hhexp.config.schema import Loss
from hhexp.models.builder import output_layer
from hhexp.training import portability
from hhexp.training.evaluation import build_evaluator
from hhexp.training.exact import LEFT_AS_TRACED, trace_exactly
from hhexp.training.loss import build_loss
from hhexp.training.portability import Portability, check_portability
from hhexp.training.step import build_training_step


class Compute(layers.Layer):
    """A layer of a person's own."""

    def __init__(self, compute: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(name="mine", **options)
        self.compute = compute

    def call(self, x: Any) -> Any:
        return self.compute(x)


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Any:
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options(LEFT_AS_TRACED)
    yield
    tf.config.optimizer.set_experimental_options({**dict.fromkeys(LEFT_AS_TRACED, True), **before})


def check(*row: Any, outputs: int = 1, loss: Loss | None = None) -> Portability:
    """What the steps of a small model with some layers say."""
    keras.backend.clear_session()
    with trace_exactly():
        x = images = keras.Input((12, 12, 3))
        for layer in [layers.Conv2D(4, 3), layers.MaxPooling2D(), *row, layers.Flatten()]:
            x = layer(x)
        model = keras.Model(images, output_layer(outputs)(x))
    return check_model(model, loss)


def check_model(model: keras.Model, loss: Loss | None = None) -> Portability:
    """What a model's steps say, traced as a run traces them."""
    settings = loss or Loss()
    image_loss = build_loss(settings, np.array([0, 0, 1]), max(2, model.output_shape[-1]))
    step = build_training_step(model, keras.optimizers.RMSprop(), image_loss)
    spec = (
        tf.TensorSpec([None, *model.input_shape[1:]], tf.float32),
        tf.TensorSpec([None], tf.int64),
    )
    evaluate = build_evaluator(model, batch_size=4)
    functions = [each.get_concrete_function(*spec) for each in (step.function, evaluate.step)]
    return check_portability(functions, model)


@pytest.mark.parametrize("outputs", [1, 3])
def test_every_loss_is_portable(outputs: int) -> None:
    settings = {"class_weight": "balanced", "label_smoothing": 0.1}
    assert check(outputs=outputs, loss=Loss.model_validate(settings)) == Portability()


@tf.function
def root(x: Any) -> Any:
    """A function that is traced while the model is built."""
    return tf.math.rsqrt(tf.abs(x) + 1)


@pytest.mark.parametrize(
    "row",
    [
        [layers.BatchNormalization],
        [layers.LayerNormalization],
        [layers.Conv2D, layers.ReLU],
        [lambda: layers.Activation("gelu")],
        [lambda: layers.DepthwiseConv2D(3)],
        [lambda: Compute(root)],
        [lambda: Compute(lambda x: x / tf.sqrt(tf.abs(x) + 1) + 1 / (tf.abs(x) + 1) + x / 3)],
    ],
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_usual_layers_are_portable(row: list[Callable[[], Any]], outputs: int) -> None:
    made = [layers.Conv2D(4, 2) if make is layers.Conv2D else make() for make in row]
    found = check(*made, outputs=outputs)
    assert found.portable
    assert str(found) == "portable"


@pytest.mark.parametrize("classes", [2, 3])
def test_the_studys_model_is_portable(classes: int) -> None:
    arguments = {"filters": [4, 4], "dense_units": 8}
    assert check_model(models.build("cnn", arguments, (32, 32, 3), classes)).portable


@pytest.mark.slow
def test_the_transfer_model_is_portable(tmp_path: Path) -> None:
    file = tmp_path / "inception.weights.h5"
    keras.applications.InceptionV3(include_top=False, weights=None).save_weights(file)
    arguments = {"cut": "mixed7", "dense_units": 8, "weights": str(file)}
    with trace_exactly():
        assert check_model(models.build("transfer", arguments, (80, 80, 3), classes=2)).portable


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda x: tf.nn.local_response_normalization(x, beta=0.5), "mine: LRN"),
        (lambda x: tf.image.rgb_to_hsv(x[..., :3]), "mine: RGBToHSV"),
        (lambda x: tf.math.real(tf.math.log(tf.complex(x, x + 1))), "mine: Log"),
        (
            lambda x: tf.ensure_shape(tf.py_function(tf.abs, [x], tf.float32), x.shape),
            "mine: EagerPyFunc, which cannot be read",
        ),
        (
            tf.function(lambda x: tf.math.rsqrt(x + 1), jit_compile=True),
            "mine: compiled by XLA, which cannot be read",
        ),
    ],
)
def test_an_op_that_cannot_be_replaced_is_named_with_its_layer(
    compute: Callable[[Any], Any], reason: str
) -> None:
    found = check(Compute(compute))
    assert not found.portable
    assert reason in found.reasons
    assert str(found).startswith("this vendor only, because of mine: ")


def test_without_the_remedy_the_optimizer_and_the_loss_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hhexp.training.exact.REPLACED", frozenset())
    tf.config.optimizer.set_experimental_options(dict.fromkeys(LEFT_AS_TRACED, True))
    found = check(layers.BatchNormalization())
    assert "batch_normalization: Rsqrt" in found.reasons
    assert any(reason.startswith("rm_sprop") for reason in found.reasons)


def test_another_version_of_tensorflow_is_not_taken_for_portable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portability, "MADE_FOR", "2.20.0")
    assert check().reasons == (f"TensorFlow {tf.__version__} was not examined",)

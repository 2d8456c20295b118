"""What could not be trained, saved, loaded or asked later is refused before training."""

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from hhexp import models
from hhexp.config.registry import model_builder
from hhexp.errors import UserError
from hhexp.training.state import hash_weights

SHAPE = (8, 8, 3)


class Unknown(layers.Layer):
    def call(self, x: Any) -> Any:
        return x


@keras.saving.register_keras_serializable("tests")
class Known(layers.Layer):
    def call(self, x: Any) -> Any:
        return x


@keras.saving.register_keras_serializable("tests")
class Forgetful(layers.Layer):
    """Its get_config leaves ``units`` out."""

    def __init__(self, units: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(self.units,))

    def call(self, x: Any) -> Any:
        return x * self.scale[0]


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(1, activation="sigmoid")

    def call(self, x: Any) -> Any:
        return self.dense(self.flatten(x))


def chain(
    *inner: Any,
    shape: Any = SHAPE,
    outputs: int = 1,
    activation: Any = "sigmoid",
    start: str = "glorot_uniform",
) -> Any:
    dense = layers.Dense(outputs, activation=activation, kernel_initializer=start, name="end")
    end = [layers.Flatten(), dense]
    return keras.Sequential([keras.Input(shape), *inner, *end])


def fork(inputs: int, outputs: int) -> keras.Model:
    given = [keras.Input(SHAPE) for _ in range(inputs)]
    flat = layers.Flatten()(layers.add(given) if inputs > 1 else given[0])
    return keras.Model(given, [layers.Dense(1, activation="sigmoid")(flat) for _ in range(outputs)])


def frozen() -> keras.Model:
    model = chain()
    model.trainable = False
    return model


def local() -> Any:
    @keras.saving.register_keras_serializable("tests")
    class Local(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    return chain(Local())


def fail(error: BaseException) -> Any:
    raise error


def build(make: Callable[[], Any], classes: int = 2, name: str = "mine") -> keras.Model:
    def builder(input_shape: Any, outputs: int) -> Any:
        return make()

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(model_builder.functions, name, builder)
        return models.build(name, {}, SHAPE, classes)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "None": (lambda: None, "must return a keras.Model, not None"),
    "a class": (lambda: keras.Model, "must return a keras.Model, not type"),
    "subclassed": (Subclassed, "Subclassed has no inputs and outputs that can be seen"),
    "never built": (lambda: keras.Sequential([layers.Dense(1)]), "Sequential has no inputs"),
    "two inputs": (lambda: fork(2, 1), "must have one input, not 2"),
    "two outputs": (lambda: fork(1, 2), "must have one output, not 2"),
    "seven outputs": (
        lambda: chain(outputs=7, activation="softmax"),
        "output has the shape 7, but 2 classes need 1: use the builder's outputs",
    ),
    "a map": (
        lambda: keras.Sequential([keras.Input(SHAPE), layers.Conv2D(1, 1, activation="sigmoid")]),
        "output has the shape 8×8×1, but 2 classes need 1",
    ),
    "other images": (
        lambda: chain(shape=(9, 9, 3)),
        "takes inputs of shape 9×9×3, but the images have 8×8×3: use the builder's input_shape",
    ),
    "any images": (
        lambda: keras.Sequential(
            [
                keras.Input((None, None, 3)),
                layers.GlobalAveragePooling2D(),
                layers.Dense(1, activation="sigmoid"),
            ]
        ),
        "takes inputs of shape any×any×3",
    ),
    "bfloat16": (
        lambda: keras.Sequential(
            [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, "sigmoid", dtype="bfloat16")]
        ),
        r"output is of bfloat16: give its last layer dtype='float32'",
    ),
    "frozen": (frozen, "has no weights that can be trained"),
    "NaN": (
        lambda: chain(layers.Dense(2, bias_initializer=keras.initializers.Constant(np.nan))),
        "weights start with NaN or infinity: .*bias",
    ),
    "NaN answers": (lambda: chain(layers.Rescaling(np.inf)), "are NaN or infinite before it is"),
    "Lambda": (
        lambda: chain(layers.Lambda(lambda x: x, name="sneaky")),
        "the layer sneaky is a Lambda, which could not be loaded later: .* decorate it with",
    ),
    "Lambda inside": (
        lambda: chain(keras.Sequential([keras.Input(SHAPE), layers.Lambda(lambda x: x)])),
        "is a Lambda, which could not be loaded later",
    ),
    "lambda as an activation": (
        lambda: chain(layers.Dense(2, activation=lambda x: x)),
        "the model could not be loaded later: .*Could not interpret activation function",
    ),
    "unregistered": (
        lambda: chain(Unknown(name="odd")),
        r"Unknown \(odd\) could not be loaded later: decorate it with @keras\.saving\.register_ker",
    ),
    "local": (
        local,
        r"Local \(local\) .*: define the class at the top of its module, not in a fun",
    ),
    "forgetful": (
        lambda: chain(Forgetful(3)),
        "would be loaded with weights of other shapes: .* needs a get_config",
    ),
    "logits": (lambda: chain(activation=None), "last layer, end, gives no probabilities: give it"),
    "no upper bound": (
        lambda: chain(activation="softplus", start="ones"),
        "must answer with probabilities, not with .*: give its last layer activation='sigmoid'",
    ),
    "softmax of one number": (
        lambda: chain(activation="softmax"),
        "answers every image, a black one too, with 1, .*: give its last layer activation='sigm",
    ),
    "raising": (lambda: fail(KeyError("x")), r"KeyError: 'x' \(test_acceptance\.py, line \d+\)"),
    "leaving": (lambda: fail(SystemExit(3)), "SystemExit: 3"),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_would_not_do_is_refused_in_one_line(
    make: Callable[[], Any], words: str
) -> None:
    with pytest.raises(UserError, match=f"^model.builder=mine: .*{words}") as refused:
        build(make)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_several_classes_need_probabilities_that_add_up_to_one() -> None:
    with pytest.raises(UserError, match=r"probabilities that add up to 1, not with"):
        build(lambda: chain(outputs=3), classes=3)
    assert build(lambda: chain(outputs=3, activation="softmax"), classes=3)


def test_what_can_be_loaded_later_passes() -> None:
    for make in (
        chain,
        lambda: chain(Known(), layers.Dropout(0.5), layers.BatchNormalization()),
        lambda: chain(outputs=2, activation="softmax"),
        lambda: keras.Sequential(
            [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1), layers.Activation("sigmoid")]
        ),
    ):
        assert isinstance(build(make), keras.Model)


def test_looking_at_a_model_moves_nothing() -> None:
    def made() -> keras.Model:
        keras.utils.set_random_seed(1)
        return chain(layers.Dropout(0.5), layers.BatchNormalization())

    plain, after = made(), random.getstate()
    looked_at = build(made)
    assert hash_weights(looked_at) == hash_weights(plain)
    assert random.getstate() == after

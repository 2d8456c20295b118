"""Grad-CAM."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from hhexp.errors import UserError
from hhexp.models import build
from hhexp.prediction.gradcam import compute_gradcam, lay_over

NOISE = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)


@pytest.fixture(autouse=True)
def seed() -> None:
    keras.utils.set_random_seed(0)


def cnn(classes: int = 2, side: int = 32) -> keras.Model:
    return build("cnn", {"filters": [4, 8], "dense_units": 16}, (side, side, 3), classes)


def spots() -> np.ndarray:
    """Two black images: a red spot at the top left, a blue one at the bottom right."""
    images = np.zeros((2, 32, 32, 3), np.uint8)
    images[0, 4:10, 4:10, 0] = 255
    images[1, 22:28, 22:28, 2] = 255
    return images


def red_is_1() -> keras.Model:
    """A network, made by hand, whose output grows with red, and falls with blue."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(2, 3, name="conv")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, layers.Dense(1, activation="sigmoid", name="out")(x))
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0, 0] = kernel[1, 1, 2, 1] = 1
    model.get_layer("conv").set_weights([kernel, np.zeros(2)])
    model.get_layer("out").set_weights([np.array([[5.0], [-5.0]]), np.zeros(1)])
    return model


def hottest(heat: np.ndarray) -> tuple[float, float]:
    """The middle of the hottest pixels, as shares of the height and width."""
    rows, columns = np.nonzero(heat >= 0.99)
    return (rows.mean() + 0.5) / heat.shape[0], (columns.mean() + 0.5) / heat.shape[1]


def test_the_heat_is_where_what_speaks_for_the_class_is() -> None:
    red, blue = compute_gradcam(red_is_1(), spots(), np.array([1, 0]))
    assert hottest(red) == pytest.approx((7 / 32, 7 / 32), abs=0.05)
    assert hottest(blue) == pytest.approx((25 / 32, 25 / 32), abs=0.05)


def test_where_nothing_speaks_for_the_class_there_is_no_heat() -> None:
    for heat in compute_gradcam(red_is_1(), spots(), np.array([0, 1])):
        assert not heat.any()


def test_under_an_average_and_one_dense_layer_it_is_the_class_activation_map() -> None:
    # Section 3 of the paper: there it equals CAM, the features weighted by the last kernel.
    images = keras.Input((32, 32, 3))
    features = layers.Conv2D(6, 5, activation="relu")(layers.Rescaling(1 / 255)(images))
    average = layers.GlobalAveragePooling2D()(features)
    model = keras.Model(images, layers.Dense(3, activation="softmax", name="out")(average))
    kernel = model.get_layer("out").get_weights()[0]
    maps = keras.Model(images, features).predict(NOISE, verbose=0)
    for index in range(3):
        cam = np.maximum(maps @ kernel[:, index], 0)
        expected = cam / cam.max(axis=(1, 2), keepdims=True)
        assert compute_gradcam(model, NOISE, index) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_hhexps_cnn_is_explained_by_its_last_block(classes: int) -> None:
    heat = compute_gradcam(cnn(classes), NOISE, np.zeros(5, np.int64))
    assert heat.shape == (5, 6, 6)  # 32 → 30 → 15 → 13 → 6
    assert heat.dtype == np.float32
    assert heat.min() == 0
    assert heat.max() == 1


def test_a_map_that_pooling_leaves_too_small_is_taken_before_the_pooling() -> None:
    assert compute_gradcam(cnn(side=20), NOISE[:, :20, :20], 1).shape == (5, 7, 7)  # then 3 × 3


def test_a_frozen_trunk_under_a_new_head_is_explained() -> None:
    inside = keras.Input((32, 32, 3))
    trunk = keras.Model(inside, layers.Conv2D(8, 3, strides=2, activation="relu")(inside))
    trunk.trainable = False
    images = keras.Input((32, 32, 3))
    x = trunk(layers.Rescaling(1 / 127.5, offset=-1.0)(images), training=False)
    x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
    model = keras.Model(images, layers.Dense(1, activation="sigmoid")(x))
    heat = compute_gradcam(model, NOISE, 1) + compute_gradcam(model, NOISE, 0)
    assert heat.shape == (5, 15, 15)
    assert np.all(heat.max(axis=(1, 2)) >= 1)


def test_a_sequential_model_is_explained() -> None:
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(2, 3),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ]
    )
    assert compute_gradcam(model, NOISE, 2).shape == (5, 30, 30)


def test_a_model_that_is_sure_is_explained_as_well() -> None:
    model = red_is_1()
    model.get_layer("out").set_weights([np.array([[5.0], [-5.0]]), np.array([200.0])])
    assert model.predict(spots(), verbose=0)[0] == 1
    assert np.array_equal(
        compute_gradcam(model, spots(), 1), compute_gradcam(red_is_1(), spots(), 1)
    )


def test_bfloat16_is_explained_much_as_float32() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = red_is_1()
    finally:
        keras.config.set_dtype_policy("float32")
    assert compute_gradcam(model, spots(), 1) == pytest.approx(
        compute_gradcam(red_is_1(), spots(), 1), abs=0.02
    )


def test_an_images_map_does_not_depend_on_its_company(monkeypatch: pytest.MonkeyPatch) -> None:
    model, classes = cnn(), np.array([0, 1, 0, 1, 1])
    together = compute_gradcam(model, NOISE, classes)
    monkeypatch.setattr("hhexp.prediction.gradcam.BATCH", 2)
    assert compute_gradcam(model, NOISE, classes) == pytest.approx(together, abs=1e-4)


def test_the_model_stays_as_it_was() -> None:
    model = cnn()
    before: list[Any] = model.get_weights()
    answers, config = model.predict(NOISE, verbose=0), model.get_config()
    compute_gradcam(model, NOISE, 1)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert np.array_equal(answers, model.predict(NOISE, verbose=0))
    assert model.get_config() == config


def test_a_model_without_a_feature_map_is_refused() -> None:
    images = keras.Input((32, 32, 3))
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(images))
    model = keras.Model(images, layers.Dense(1, activation="sigmoid")(flat), name="flat")
    with pytest.raises(UserError, match="'flat' has no feature map"):
        compute_gradcam(model, NOISE, 1)


def test_an_overlay_colours_what_is_hot_and_leaves_the_rest() -> None:
    picture = np.full((60, 80, 3), 100, np.uint8)
    heat = np.zeros((4, 4), np.float32)
    assert np.array_equal(lay_over(picture, heat), picture)
    heat[0, 0] = 1
    laid = lay_over(picture, heat)
    assert laid.shape == picture.shape and laid.dtype == np.uint8
    assert np.array_equal(laid[40:, 50:], picture[40:, 50:])
    assert np.all(laid[0, 0] != 100)

from typing import Any

import numpy as np
import pytest

from hhexp.augment.affine import compose_matrix, warp, warp_on_device

NEUTRAL: dict[str, Any] = {
    "theta": 0.0, "tx": 0.0, "ty": 0.0, "shear": 0.0, "zx": 1.0, "zy": 1.0, "flip": False
}  # fmt: skip
SINGLE: dict[str, dict[str, Any]] = {
    "rotation": {"theta": 33.0},
    "width shift": {"tx": 9.3},
    "height shift": {"ty": -7.6},
    "shear": {"shear": 12.0},
    "zoom in": {"zx": 0.8, "zy": 0.9},
    "zoom out": {"zx": 1.2, "zy": 1.1},
    "flip": {"flip": True},
}
ALL = {"theta": -25.0, "tx": 6.4, "ty": -4.7, "shear": 8.0, "zx": 0.9, "zy": 1.15, "flip": True}
FAR = ALL | {"zx": 1.5, "zy": 1.4}


def transformed(images: np.ndarray, fill_mode: str = "nearest", **changed: Any) -> np.ndarray:
    _, height, width, _ = images.shape
    one = compose_matrix(**(NEUTRAL | changed), height=height, width=width)
    return warp(images, [one] * len(images), fill_mode)


def by_keras(images: np.ndarray, fill_mode: str = "nearest", **changed: Any) -> np.ndarray:
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    parameters = NEUTRAL | changed
    parameters["flip_horizontal"] = parameters.pop("flip")
    generator = ImageDataGenerator(fill_mode=fill_mode, data_format="channels_last")
    return np.stack(
        [generator.apply_transform(image.astype(np.float32), parameters) for image in images]
    )


def grey_levels_apart(one: np.ndarray, other: np.ndarray) -> float:
    """The mean of the image that differs most."""
    return np.abs(one.astype(float) - other.astype(float)).mean((1, 2, 3)).max()


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize("changed", [*SINGLE.values(), ALL], ids=[*SINGLE, "all"])
def test_it_agrees_with_image_data_generator(
    smooth_images: np.ndarray, changed: dict[str, Any]
) -> None:
    ours = transformed(smooth_images, **changed)
    assert grey_levels_apart(ours, by_keras(smooth_images, **changed)) < 1
    assert grey_levels_apart(ours, smooth_images) > 1  # so the transform does something


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize(
    ("fill_mode", "in_scipy"),
    [
        ("nearest", "nearest"),
        ("constant", "constant"),
        ("reflect", "reflect"),
        ("wrap", "grid-wrap"),  # SciPy's "wrap" repeats the image without its last row and column
    ],
)
def test_it_agrees_with_image_data_generator_outside_the_image(
    large_smooth_images: np.ndarray, fill_mode: str, in_scipy: str
) -> None:
    ours = transformed(large_smooth_images, fill_mode, **FAR)
    assert grey_levels_apart(ours, by_keras(large_smooth_images, in_scipy, **FAR)) < 1


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_tensorflow_resamples_as_opencv_does(
    large_smooth_images: np.ndarray, fill_mode: str
) -> None:
    matrices = [
        compose_matrix(**(NEUTRAL | changed), height=256, width=256)
        for changed in (ALL, FAR, SINGLE["rotation"], SINGLE["width shift"])
    ]
    by_tensorflow = warp_on_device(large_smooth_images, matrices, fill_mode, "CPU:0").numpy()
    assert by_tensorflow.dtype == np.uint8
    assert grey_levels_apart(warp(large_smooth_images, matrices, fill_mode), by_tensorflow) < 1


def test_doing_nothing_returns_the_same_pixels(smooth_images: np.ndarray) -> None:
    np.testing.assert_array_equal(transformed(smooth_images), smooth_images)


def test_a_flip_mirrors_exactly(smooth_images: np.ndarray) -> None:
    np.testing.assert_array_equal(transformed(smooth_images, flip=True), smooth_images[:, :, ::-1])


def test_shifts_move_the_picture_by_the_drawn_pixels(smooth_images: np.ndarray) -> None:
    left = transformed(smooth_images, tx=5)
    np.testing.assert_array_equal(left[:, :, :-5], smooth_images[:, :, 5:])
    down = transformed(smooth_images, ty=-3)
    np.testing.assert_array_equal(down[:, 3:], smooth_images[:, :-3])


@pytest.mark.parametrize(
    ("fill_mode", "columns"),
    [("nearest", [-1, -1]), ("reflect", [-1, -2]), ("wrap", [0, 1])],
)
def test_the_fill_mode_says_what_lies_outside(
    smooth_images: np.ndarray, fill_mode: str, columns: list[int]
) -> None:
    shifted = transformed(smooth_images, fill_mode, tx=2)
    np.testing.assert_array_equal(shifted[:, :, -2:], smooth_images[:, :, columns])


def test_the_constant_fill_is_black(smooth_images: np.ndarray) -> None:
    assert not transformed(smooth_images, "constant", tx=2)[:, :, -2:].any()


def test_a_picture_that_is_not_square_turns_about_its_centre() -> None:
    image = np.zeros((1, 21, 41, 3), np.uint8)
    image[0, 10, 20] = 255
    np.testing.assert_array_equal(transformed(image, theta=90.0), image)

"""What all engines have in common."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from hhexp.augment import Ranges, build_transform
from hhexp.errors import UserError

FULL = Ranges(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
)
INDICES = np.array([11, 0, 500, 3])
DTYPES = {"affine": np.uint8, "image_data_generator": np.float32, "keras_layers": np.float32}

pytestmark = [
    pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning"),
    pytest.mark.parametrize("engine", DTYPES),
]


def test_ranges_that_change_nothing_need_no_engine(engine: str) -> None:
    assert build_transform(engine, Ranges(fill_mode="reflect"), seed=1) is None


def test_the_result_keeps_shape_and_scale(engine: str, smooth_images: np.ndarray) -> None:
    result = build_transform(engine, FULL, 1)(smooth_images, INDICES, 1)
    assert isinstance(result, np.ndarray)
    assert result.shape == smooth_images.shape
    assert result.dtype == DTYPES[engine]
    assert result.max() > 100
    assert 0 <= result.min() <= result.max() <= 255


def test_the_batch_given_is_left_alone(engine: str, smooth_images: np.ndarray) -> None:
    before = smooth_images.copy()
    build_transform(engine, FULL, 1)(smooth_images, INDICES, 1)
    np.testing.assert_array_equal(smooth_images, before)


def test_images_come_out_the_same_in_any_batch(engine: str, smooth_images: np.ndarray) -> None:
    together = build_transform(engine, FULL, 1)(smooth_images, INDICES, 2)
    another = build_transform(engine, FULL, 1)
    for position in (2, 0, 3, 1):
        one = slice(position, position + 1)
        np.testing.assert_array_equal(another(smooth_images[one], INDICES[one], 2), together[one])


def test_index_epoch_and_seed_each_change_the_picture(
    engine: str, smooth_images: np.ndarray
) -> None:
    same = np.repeat(smooth_images[:1], 2, axis=0)
    transform = build_transform(engine, FULL, 1)
    first, other_index = transform(same, np.array([0, 1]), 1)
    other_epoch = transform(same[:1], np.array([0]), 2)[0]
    other_seed = build_transform(engine, FULL, 2)(same[:1], np.array([0]), 1)[0]
    pictures = {picture.tobytes() for picture in (first, other_index, other_epoch, other_seed)}
    assert len(pictures) == 4


def test_a_fresh_process_makes_the_same_bits(engine: str) -> None:
    code = (
        "import hashlib, numpy as np\n"
        "from hhexp.augment import Ranges, build_transform\n"
        "images = np.random.default_rng(5).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)\n"
        f"transform = build_transform({engine!r}, {FULL!r}, 4)\n"
        "print(hashlib.sha256(transform(images, np.array([8, 9]), 3).tobytes()).hexdigest())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    images = np.random.default_rng(5).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    transform = build_transform(engine, FULL, 4)
    transform(images, np.array([1, 2]), 1)  # what came before must not matter
    here = transform(images, np.array([8, 9]), 3).tobytes()
    assert printed.split()[-1] == hashlib.sha256(here).hexdigest()


def test_a_flip_alone_mirrors_exactly_half(engine: str, smooth_images: np.ndarray) -> None:
    many = np.repeat(smooth_images[:1], 60, axis=0)
    result = build_transform(engine, Ranges(horizontal_flip=True), 1)(many, np.arange(60), 1)
    mirrored = [np.array_equal(picture, many[0][:, ::-1]) for picture in result]
    kept = [np.array_equal(picture, many[0]) for picture in result]
    assert sum(mirrored) + sum(kept) == 60
    assert 15 < sum(mirrored) < 45


@pytest.mark.parametrize(
    ("moving", "keeping", "axis"),
    [
        ("width_shift_range", "height_shift_range", 2),
        ("height_shift_range", "width_shift_range", 1),
    ],
)
def test_a_shift_moves_along_the_axis_it_names(
    engine: str, moving: str, keeping: str, axis: int
) -> None:
    bar = np.zeros((3, 32, 32, 3), np.uint8)
    np.moveaxis(bar, axis, 0)[10:20] = 200
    moved = build_transform(engine, Ranges(**{moving: 0.4}), 1)(bar, np.arange(3), 1)
    kept = build_transform(engine, Ranges(**{keeping: 0.4}), 1)(bar, np.arange(3), 1)
    np.testing.assert_allclose(kept, bar, atol=1e-3)
    assert (np.abs(moved.astype(float) - bar).max((1, 2, 3)) > 10).all()


@pytest.mark.parametrize(
    "ranges",
    [
        Ranges(rotation_range=40),
        Ranges(width_shift_range=0.2),
        Ranges(height_shift_range=0.2),
        Ranges(shear_range=20),
        Ranges(zoom_range=0.2),
    ],
)
def test_each_transform_alone_does_something(
    engine: str, ranges: Ranges, smooth_images: np.ndarray
) -> None:
    result = build_transform(engine, ranges, 1)(smooth_images, INDICES, 1)
    assert np.abs(result.astype(float) - smooth_images).mean() > 1


def test_each_fill_mode_fills_otherwise_and_constant_alone_is_black(engine: str) -> None:
    stripes = np.broadcast_to(np.arange(50, 178, 2, dtype=np.uint8)[:, None], (4, 64, 64, 3)).copy()
    pictures = set()
    for fill_mode in ("nearest", "constant", "reflect", "wrap"):
        ranges = Ranges(width_shift_range=0.5, fill_mode=fill_mode)
        result = build_transform(engine, ranges, 1)(stripes, np.arange(4), 1)
        assert (result.min() == 0) == (fill_mode == "constant")
        pictures.add(result.tobytes())
    assert len(pictures) == 4


def test_an_unknown_engine_names_the_known_ones(engine: str) -> None:
    with pytest.raises(UserError, match=engine):
        build_transform("albumentations", FULL, 1)

"""What people use for augmentation, with our ranges."""

import importlib.util

import numpy as np
import pytest

from benchmarks import augmentations
from benchmarks.augmentations import BATCH
from benchmarks.composition import compose_config
from hhexp.config.schema import Augmentation

# Keras calls SciPy by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:Please import `affine_transform`")


def ranges(**changed: float) -> Augmentation:
    none = compose_config(["aug=none"]).aug
    return none.model_copy(update=changed)


def draw_squares() -> np.ndarray:
    images = np.zeros((BATCH, 41, 41, 3), np.uint8)
    images[:, 16:25, 16:25] = 200
    return images


METHODS = [
    "use_affine",
    "use_image_data_generator",
    "use_keras_layers",
    pytest.param(
        "use_albumentations",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("albumentations") is None,
            reason="albumentations is not installed",
        ),
    ),
]


@pytest.mark.parametrize("name", METHODS)
def test_each_method_draws_from_the_ranges(name: str) -> None:
    method = getattr(augmentations, name)(ranges(width_shift_range=0.2, height_shift_range=0.2))
    moved = np.stack([np.asarray(image) for image in method(draw_squares())]).astype(float)
    assert moved.shape == (BATCH, 41, 41, 3)
    for along in (moved.sum((1, 3)), moved.sum((2, 3))):
        centres = (along @ np.arange(41)) / along.sum(1) - 20
        assert 4 < np.abs(centres).max() <= 0.2 * 41 + 0.5


@pytest.mark.parametrize("name", METHODS)
def test_each_method_turns_and_zooms(name: str) -> None:
    area = draw_squares()[0].sum()
    zoom = getattr(augmentations, name)(ranges(zoom_range=0.2))
    sizes = np.array([np.asarray(image).astype(float).sum() for image in zoom(draw_squares())])
    assert sizes.min() < 0.9 * area and sizes.max() > 1.1 * area
    turn = getattr(augmentations, name)(ranges(rotation_range=40.0))
    widths = [np.asarray(image)[:, :, 0].max(0) > 20 for image in turn(draw_squares())]
    assert max(width.sum() for width in widths) >= 11  # columns; without a turn 9

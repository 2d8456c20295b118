import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from hhexp.augment import Parameters, Ranges, draw

FULL = Ranges(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.1,
    shear_range=0.2,
    zoom_range=0.3,
    horizontal_flip=True,
)
DRAWN = [field.name for field in fields(Parameters)]


def drawn(
    ranges: Ranges = FULL, *, seed: int = 7, epoch: int = 1, indices: list[int]
) -> Parameters:
    return draw(ranges, seed, epoch, np.array(indices), height=100, width=300)


def test_ranges_that_change_nothing_are_the_identity() -> None:
    assert Ranges().is_identity
    assert Ranges(fill_mode="wrap").is_identity


@pytest.mark.parametrize(
    "ranges",
    [
        Ranges(rotation_range=1),
        Ranges(width_shift_range=0.1),
        Ranges(height_shift_range=0.1),
        Ranges(shear_range=0.2),
        Ranges(zoom_range=0.1),
        Ranges(horizontal_flip=True),
    ],
)
def test_any_transform_is_not_the_identity(ranges: Ranges) -> None:
    assert not ranges.is_identity


def test_an_image_draws_the_same_in_any_company_and_order() -> None:
    together = drawn(indices=[0, 1, 2, 3])
    backwards = drawn(indices=[3, 2])
    alone = drawn(indices=[2])
    for name in DRAWN:
        assert getattr(together, name)[2] == getattr(backwards, name)[1] == getattr(alone, name)[0]


@pytest.mark.parametrize(
    "other",
    [drawn(indices=[1]), drawn(indices=[0], epoch=2), drawn(indices=[0], seed=8)],
    ids=["index", "epoch", "seed"],
)
def test_another_index_epoch_or_seed_draws_otherwise(other: Parameters) -> None:
    assert drawn(indices=[0]).theta[0] != other.theta[0]


def test_the_draws_of_one_image_are_not_one_number_in_disguise() -> None:
    many = drawn(indices=list(range(500)))
    numbers = np.array([getattr(many, name) for name in DRAWN], float)
    correlation = np.corrcoef(numbers) - np.eye(len(DRAWN))
    assert np.abs(correlation).max() < 0.2


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("theta", -40, 40),
        ("tx", -60, 60),  # 0.2 of 300 columns
        ("ty", -10, 10),  # 0.1 of 100 rows
        ("shear", -0.2, 0.2),
        ("zx", 0.7, 1.3),
        ("zy", 0.7, 1.3),
    ],
)
def test_the_ranges_are_respected_and_filled(name: str, low: float, high: float) -> None:
    values = getattr(drawn(indices=list(range(1000))), name)
    margin = 0.02 * (high - low)
    assert low <= values.min() < low + margin
    assert high - margin < values.max() <= high


def test_half_of_the_images_are_flipped() -> None:
    assert 0.45 < drawn(indices=list(range(1000))).flip.mean() < 0.55


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (Ranges(rotation_range=40), ["theta"]),
        (Ranges(width_shift_range=0.2), ["tx"]),
        (Ranges(height_shift_range=0.1), ["ty"]),
        (Ranges(shear_range=0.2), ["shear"]),
        (Ranges(zoom_range=0.3), ["zx", "zy"]),
        (Ranges(horizontal_flip=True), ["flip"]),
    ],
)
def test_a_single_transform_is_drawn_as_among_all(only: Ranges, names: list[str]) -> None:
    neutral = drawn(Ranges(), indices=list(range(20)))
    full = drawn(indices=list(range(20)))
    single = drawn(only, indices=list(range(20)))
    for name in DRAWN:
        expected = full if name in names else neutral
        np.testing.assert_array_equal(getattr(single, name), getattr(expected, name))


def test_nothing_drawn_is_nothing_done() -> None:
    neutral = drawn(Ranges(), indices=[5]).of(0)
    assert neutral == {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, "flip": False}


def test_the_draws_do_not_touch_or_use_global_random_state() -> None:
    np.random.seed(1)
    first = drawn(indices=[0]).theta
    untouched = np.random.random()
    np.random.seed(1)
    assert np.random.random() == untouched
    assert drawn(indices=[0]).theta == first


def test_drawing_imports_nothing_heavy() -> None:
    heavy = "{'tensorflow', 'keras', 'cv2', 'scipy', 'pandas'}"
    code = f"import sys, hhexp.augment; print({heavy} & set(sys.modules))"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "set()"

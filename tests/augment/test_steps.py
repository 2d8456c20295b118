"""A person's own step draws from (step, seed, epoch, index) alone, and is tried before training."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hhexp.augment import Ranges, build_transform
from hhexp.augment.steps import Steps, make_generator
from hhexp.config.registry import augmentation_step
from hhexp.config.schema import Part
from hhexp.errors import UserError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
INDICES = np.arange(6)
ENGINES = ("affine", "image_data_generator", "keras_layers")


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Part]:
    """Registers a function as the step ``mine``."""

    def register(function: Callable[..., Any], **arguments: Any) -> Part:
        monkeypatch.setitem(augmentation_step.functions, "mine", function)
        return Part(name="mine", **arguments)

    return register


def add(image: np.ndarray, random: np.random.Generator, *, most: int = 9) -> np.ndarray:
    image += random.integers(0, most, image.shape, np.uint8)
    return image


def test_an_image_is_the_same_in_any_company(step: Callable[..., Part]) -> None:
    steps = Steps([step(add)], seed=1)
    together = steps(IMAGES, INDICES, 3)
    assert np.array_equal(steps(IMAGES[4:5], INDICES[4:5], 3), together[4:5])
    assert np.array_equal(steps(IMAGES[::-1], INDICES[::-1], 3), together[::-1])


def test_the_images_that_come_in_stay_as_they_are(step: Callable[..., Part]) -> None:
    before = IMAGES.copy()
    assert not np.array_equal(Steps([step(add)], 1)(IMAGES, INDICES, 1), before)
    assert np.array_equal(IMAGES, before)


def test_step_seed_epoch_and_image_each_give_other_draws() -> None:
    def draw(*key: Any) -> tuple[int, ...]:
        return tuple(make_generator(*key).integers(0, 2**31, 4).tolist())

    keys = [("a", 1, 1, 1), ("b", 1, 1, 1), ("a", 2, 1, 1), ("a", 1, 2, 1), ("a", 1, 1, 2)]
    assert len({draw(*key) for key in keys}) == len(keys)
    assert draw("a", 1, 1, 1) == draw("a", 1, 1, 1) == (
        380700180, 221327555, 189460022, 759556643,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_comes_after_the_steps(engine: str, step: Callable[..., Part]) -> None:
    parts = [step(add, most=50)]
    ranges = Ranges(horizontal_flip=True, rotation_range=30)
    whole = build_transform(engine, ranges, 1, steps=parts)
    engine_alone = build_transform(engine, ranges, 1)
    assert whole is not None and engine_alone is not None
    taken = Steps(parts, 1)(IMAGES, INDICES, 2)
    assert np.array_equal(whole(IMAGES, INDICES, 2), engine_alone(taken, INDICES, 2))
    only_steps = build_transform(engine, Ranges(), 1, steps=parts)
    assert only_steps is not None
    assert np.array_equal(only_steps(IMAGES, INDICES, 2), taken)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda image, random: image / 255, r"must return an image .*, not float64 of shape"),
        (lambda image, random: image[:4], r"uint8 of shape \(8, 8, 3\), not uint8 of shape \(4,"),
        (lambda image, random: None, "not NoneType"),
        (lambda image, random: image[99], r"IndexError: .* \(test_steps\.py, line \d+\)"),
        (lambda image: image, "TypeError: .*takes 1 positional argument"),
        (
            lambda image, random: np.roll(image, np.random.default_rng().integers(1, 190)),
            "another picture the second time: a step must draw from the generator that it is given",
        ),
    ],
)
def test_a_step_that_would_not_do_is_refused(
    function: Callable[..., Any], words: str, step: Callable[..., Part]
) -> None:
    with pytest.raises(UserError, match=f"^aug.steps: mine: .*{words}"):
        Steps([step(function)], 1).check(IMAGES, INDICES, 1)

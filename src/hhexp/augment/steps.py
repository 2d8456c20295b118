"""The person's own steps: functions on one image, each with draws of its own.

They come before the engine, on images as they are in the data set: so they work with every engine.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.config.registry import augmentation_step
from hhexp.config.schema import Part
from hhexp.errors import UserError, locate

if TYPE_CHECKING:
    from hhexp.augment import Transform

DOMAIN = 0x73746570
"""Keeps these draws apart from anything else that is drawn from the same seed."""


@dataclass(frozen=True)
class Steps:
    """Each step in turn, then an engine."""

    steps: Sequence[Part]
    seed: int
    engine: "Transform | None" = None

    def __call__(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> Any:
        """Transform images [B, H, W, 3] uint8; without an engine they stay uint8."""
        taken = np.empty_like(images)
        for position, index in enumerate(indices.tolist()):
            image = images[position].copy()
            for step in self.steps:
                image = take_step(step, image, make_generator(step.name, self.seed, epoch, index))
            taken[position] = image
        return self.engine(taken, indices, epoch) if self.engine else taken

    def check(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> None:
        """Check that each step gives an image, and the same one again.

        Args:
            images: [B, H, W, 3] uint8, some training images.
            indices: [B] theirs.
            epoch: the first in which the steps are taken.

        Raises:
            UserError: a step fails, returns something else, or draws from elsewhere.
        """
        alone = Steps(self.steps, self.seed)
        once, again = (alone(images, indices, epoch) for _ in range(2))
        if not np.array_equal(once, again):
            names = ", ".join(step.name for step in self.steps)
            raise UserError(
                f"aug.steps: {names}: gives another picture the second time: a step must draw from "
                "the generator that it is given, and keep nothing"
            )


def make_generator(name: str, seed: int, epoch: int, index: int) -> np.random.Generator:
    """What a step draws from for an image in an epoch: it depends on nothing but these four."""
    of_name = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    counter = [0, epoch, index, of_name]
    return np.random.Generator(np.random.Philox(key=[DOMAIN, seed], counter=counter))


def take_step(step: Part, image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One image [H, W, 3] uint8 through a step.

    Raises:
        UserError: the step fails, or returns something else than such an image.
    """
    function = augmentation_step.functions[step.name]
    try:
        result = function(image, random, **step.arguments)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"aug.steps: {step.name}: {locate(error, function)}") from error
    if (
        not isinstance(result, np.ndarray)
        or result.dtype != np.uint8
        or result.shape != image.shape
    ):
        found = (
            f"{result.dtype} of shape {result.shape}"
            if isinstance(result, np.ndarray)
            else type(result).__name__
        )
        raise UserError(
            f"aug.steps: {step.name}: must return an image as it got it, uint8 of shape "
            f"{image.shape}, not {found}"
        )
    return result

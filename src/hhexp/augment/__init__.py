"""Random transforms of training images: parameters drawn from (seed, epoch, index), and engines.

The engine is chosen by name. All of them transform image *i* in epoch *e* the same way, bit for
bit, whatever batch it comes in and whatever was drawn before.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from hhexp.augment.parameters import Parameters, draw
from hhexp.augment.steps import Steps
from hhexp.config.schema import Part, Ranges
from hhexp.errors import UserError

__all__ = ["Parameters", "Ranges", "Steps", "Transform", "build_transform", "draw"]


class Transform(Protocol):
    """What an engine is: a function from a batch of training images to what the network sees."""

    def __call__(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> Any:
        """Transform a batch.

        Args:
            images: [B, H, W, C] uint8.
            indices: [B] each image's index in the training split.
            epoch: from 1.

        Returns:
            [B, H, W, C] with values 0 … 255: uint8 from ``affine``, float32 from the others; a
            NumPy array, but from ``affine`` on a GPU a TensorFlow tensor there.
        """


def build_transform(
    engine: str, ranges: Ranges, seed: int, device: str = "cpu", steps: Sequence[Part] = ()
) -> Transform | None:
    """The engine ``affine``, ``image_data_generator`` or ``keras_layers``, ready to use.

    Args:
        engine: its name.
        ranges: what the transforms are drawn from.
        seed: the run's seed, 0 … 2**64 - 1.
        device: cpu or gpu; ``affine`` alone has a GPU path, the others compute on the CPU.
        steps: the person's own, which come before it.

    Returns:
        None where there are no steps and the ranges leave every image as it is.

    Raises:
        UserError: there is no such engine.
    """
    made = _build_engine(engine, ranges, seed, device)
    return Steps(steps, seed, made) if steps else made


def _build_engine(engine: str, ranges: Ranges, seed: int, device: str) -> Transform | None:
    if ranges.is_identity:
        return None
    match engine:
        case "affine":
            from hhexp.augment.affine import Affine

            return Affine(ranges, seed, device)
        case "image_data_generator":
            from hhexp.augment.image_data_generator import ImageDataGenerator

            return ImageDataGenerator(ranges, seed)
        case "keras_layers":
            from hhexp.augment.keras_layers import KerasLayers

            return KerasLayers(ranges, seed)
    raise UserError(
        f"aug.engine={engine}: no such engine; use affine, image_data_generator or keras_layers"
    )

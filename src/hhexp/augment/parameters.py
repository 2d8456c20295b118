"""The parameters of random transforms, drawn from (seed, epoch, index) alone."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hhexp.config.schema import Ranges

DOMAIN = 0x61756721
"""Keeps these draws apart from anything else that is drawn from the same seed."""


@dataclass(frozen=True)
class Parameters:
    """One transform an image, named and meant as in ImageDataGenerator.apply_transform; all [N].

    They say where a pixel of the result is taken from: ``tx`` = 2 takes it from two columns further
    right, so the picture moves to the left.
    """

    theta: np.ndarray
    """Rotation, degrees."""
    tx: np.ndarray
    """Shift along x (columns), pixels."""
    ty: np.ndarray
    """Shift along y (rows), pixels."""
    shear: np.ndarray
    """Degrees."""
    zx: np.ndarray
    """Scale along x; 1 leaves it."""
    zy: np.ndarray
    """Scale along y."""
    flip: np.ndarray
    """bool, mirror left and right after everything else."""

    def of(self, position: int) -> dict[str, Any]:
        """The transform at one position, as Python numbers by name."""
        return {field.name: getattr(self, field.name)[position].item() for field in fields(self)}


def draw(
    ranges: Ranges, seed: int, epoch: int, indices: np.ndarray, height: int, width: int
) -> Parameters:
    """The transforms of images in an epoch.

    Each image has its own counter-based generator (Philox; Salmon et al., "Parallel random numbers:
    as easy as 1, 2, 3", 2011) with the seed in its key, the epoch and the image in its counter, and
    takes the same seven numbers in the same order from it whatever the ranges are. So an image's
    transform depends on no other image, and a run with one transform alone draws that transform as
    the run with all of them does.

    Args:
        ranges: what to draw from.
        seed: 0 … 2**64 - 1.
        epoch: from 1.
        indices: [N] the images' indices in the training split.
        height: of the images, pixels.
        width: of the images, pixels.
    """
    numbers = np.array(
        [
            np.random.Generator(
                np.random.Philox(key=[DOMAIN, seed], counter=[0, epoch, index, 0])
            ).random(7)
            for index in indices.tolist()
        ]
    )
    theta, tx, ty, shear, zx, zy = 2 * numbers.T[:6] - 1
    return Parameters(
        theta=ranges.rotation_range * theta,
        tx=ranges.width_shift_range * width * tx,
        ty=ranges.height_shift_range * height * ty,
        shear=ranges.shear_range * shear,
        zx=1 + ranges.zoom_range * zx,
        zy=1 + ranges.zoom_range * zy,
        flip=(numbers[:, 6] < 0.5) & ranges.horizontal_flip,
    )

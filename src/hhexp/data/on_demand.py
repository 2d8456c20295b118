"""Images that are made whenever they are asked for, where memory or disk have no room for all."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import cast

import numpy as np

from hhexp.data.dataset import ImageFile
from hhexp.data.decode import decode
from hhexp.data.manifest import read_file
from hhexp.errors import UserError

Index = int | np.integer | slice | np.ndarray | Sequence[int]


class ImagesOnDemand:
    """What is needed of an array of images: its shape, and the images of an index.

    Images of one index are made at once, in a thread for each core: Pillow decodes and resizes
    without Python's lock.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, shape: tuple[int, ...], make: Callable[[int], np.ndarray]) -> None:
        """Make none yet.

        Args:
            shape: ``[N, H, W, 3]``.
            make: from an index to its image, ``[H, W, 3]`` uint8.
        """
        self.shape = shape
        self._make = make

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Index) -> np.ndarray:
        """The image of a number, or those of a slice or of numbers, as an array gives them."""
        if isinstance(index, int | np.integer):
            return self._make(range(len(self))[index])
        chosen = np.arange(len(self))[index].tolist()
        images = np.empty((len(chosen), *self.shape[1:]), np.uint8)
        for place, image in enumerate(self._pool.map(self._make, chosen)):
            images[place] = image
        return images

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        """All of them."""
        return self[:]

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.__getitem__, range(len(self)))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(os.cpu_count(), "decoding")


def make_on_demand(shape: tuple[int, ...], make: Callable[[int], np.ndarray]) -> np.ndarray:
    """``ImagesOnDemand`` in the place of an array; they have what training takes of one."""
    return cast("np.ndarray", ImagesOnDemand(shape, make))


def decode_on_demand(
    files: Sequence[ImageFile], facts: np.ndarray, image_size: int | None
) -> np.ndarray:
    """Images of files that were decoded before: the same pixels, or an error.

    Args:
        files: the images'.
        facts: ``[N]`` of ``FACTS``, as noted then.
        image_size: side in pixels of the square that they are resized to; None leaves them.

    Returns:
        ``[N, H, W, 3]`` uint8, of which each is decoded whenever it is asked for.
    """

    def make(index: int) -> np.ndarray:
        image = files[index]
        pixels = decode(read_file(image), image.place, image_size)
        if hashlib.sha256(pixels.data).digest() != facts["sha256"][index].tobytes():
            raise UserError(
                f"{image.place}: has changed since its data set was read; "
                "start again with data.verify=true"
            )
        return pixels

    height, width = (
        (image_size, image_size) if image_size else (facts["height"][0], facts["width"][0])
    )
    return make_on_demand((len(files), int(height), int(width), 3), make)

"""Photographs that a model is asked about: any single image file."""

import io
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hhexp.data.decode import decode, is_deep
from hhexp.data.image_files import check_image, read_image_file
from hhexp.errors import UserError
from hhexp.terminal import say

if TYPE_CHECKING:
    from PIL import Image

PICTURE_SIDE = 640
"""The longer side of what is kept to be shown, at most, in pixels."""
DARK = 63
"""Of 255: a picture of 16 bits whose brightest value is no larger may hold fewer, such as 12."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """One image, to be shown and to be asked about."""

    path: Path
    picture: np.ndarray
    """[h, w, 3] uint8: upright, in its own proportions."""
    pixels: np.ndarray
    """[H, W, 3] uint8: what the model gets."""

    @property
    def label(self) -> str:
        """Its path as it can be printed, with what is not UTF-8 in it replaced."""
        return os.fsencode(self.path).decode(errors="replace")

    @property
    def name(self) -> str:
        """The last part of that."""
        return Path(self.label).name


def read_photographs(files: Sequence[Path], height: int, width: int) -> list[Photograph]:
    """Read the files that can be read; print a line on stderr for each of the others."""
    photographs = []
    for file in files:
        try:
            photographs.append(read_photograph(file, height, width))
        except UserError as error:
            say(f"hhexp: {error}", sys.stderr)
    return photographs


def read_photograph(path: Path, height: int, width: int) -> Photograph:
    """Read an image of any size and kind that Pillow reads, resized to what a model takes.

    It is decoded and resized as images are for training (``hhexp.data.decode``); but more bits per
    channel become 8, where a training image of that kind is refused.

    Raises:
        UserError: it cannot be read, is not an image, or is a damaged or a very large one.
    """
    if path.exists() and not path.is_file():  # such as /dev/zero, which has no end
        raise UserError(f"{path}: not a file")
    try:
        content = read_image_file(path, str(path))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    check_image(content, str(path))
    with warnings.catch_warnings(action="ignore"):  # Pillow's, of very large and of odd files
        content = _with_8_bits(content, path)
        image = decode(content, str(path), None)
    scale = min(1, PICTURE_SIDE / max(image.shape[:2]))
    shown = [max(1, round(side * scale)) for side in image.shape[:2]]
    return Photograph(path, resize(image, shown[0], shown[1]), resize(image, height, width))


def _with_8_bits(content: bytes, path: Path) -> bytes:
    """A file with 16 or 32 bits per channel as one with 8, upright; any other as it is.

    Whole numbers of 32 bits are taken as what they fit into, 0 … 255 or 0 … 65535.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.mode == "F" or not is_deep(picture, content):
                return content
            upright = ImageOps.exif_transpose(picture)
    except Exception:  # Pillow's decoders raise many kinds, and decoding says what is wrong
        return content
    # Of colours with 16 bits Pillow has kept the upper 8.
    grey = upright.mode.startswith("I")
    shallow = to_grey(upright, path) if grey else refuse_dark(upright.convert("RGB"), path)
    file = io.BytesIO()
    shallow.save(file, "PNG")
    return file.getvalue()


def to_grey(image: "Image.Image", name: object) -> "Image.Image":
    """Turn an image of whole numbers into one of 8 bits; ``name`` is what messages call it.

    Raises:
        UserError: a value is not within 0 … 65535, or all are so small that it would be dark.
    """
    from PIL import Image

    values = np.asarray(image)
    long = image.mode == "I"
    if long and not 0 <= values.min() <= values.max() <= 65535:
        raise UserError(f"{name}: pixel values outside 0 … 65535: convert it to 8 bits")
    if long and values.max() <= 255:
        return Image.fromarray(values.astype(np.uint8))
    return refuse_dark(Image.fromarray(np.rint(values / 257).astype(np.uint8)), name)


def refuse_dark(shallow: "Image.Image", name: object) -> "Image.Image":
    """The 8 bits that are left of a picture with 16; ``name`` is what messages call it.

    Raises:
        UserError: they are so dark that its values may be of fewer bits, such as 12.
    """
    if np.asarray(shallow).max() <= DARK:
        raise UserError(
            f"{name}: 16 bits per channel, but no value uses the upper two, as where 12 bits are "
            "kept in 16; it would be dark: convert it to 8 bits"
        )
    return shallow


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """An image [h, w, 3] uint8 as [height, width, 3], in the way of training images."""
    from PIL import Image

    size = (width, height)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))

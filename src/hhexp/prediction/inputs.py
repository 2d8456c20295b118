"""From a person's image (a file, an image of Pillow's, an array) to what a model takes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from hhexp.data.decode import is_deep
from hhexp.errors import UserError
from hhexp.prediction.photographs import read_photograph, refuse_dark, resize, to_grey

if TYPE_CHECKING:
    from PIL import Image

ImageLike = Union[str, "os.PathLike[str]", "Image.Image", np.ndarray]
"""A file, an image of Pillow's, or an array [H, W, 3] of 0 … 255."""


def list_images(images: ImageLike | Iterable[ImageLike]) -> list[ImageLike]:
    """The images that were given: one, any number of them, or an array [N, H, W, 3].

    Raises:
        UserError: there is none.
    """
    from PIL import Image

    if isinstance(images, str | os.PathLike | Image.Image):
        return [images]
    listed: list[Any]
    if hasattr(images, "__array__"):  # an array, a tensor, or a column of files
        values = np.asarray(images)
        listed = list(values) if values.ndim in (1, 4) else [values]
    else:
        listed = list(images) if isinstance(images, Iterable) else [images]
    if not listed:
        raise UserError("there are no images to ask about")
    return listed


def name_image(image: ImageLike, number: int) -> str:
    """What to call an image: its path, or its number from 0 on."""
    if isinstance(image, str | os.PathLike):
        return os.fsencode(image).decode(errors="replace")
    return f"image {number}"


def read_pixels(image: ImageLike, name: str, height: int, width: int) -> np.ndarray:
    """[height, width, 3] uint8: an image as a model takes it, decoded and resized as in training.

    Raises:
        UserError: it cannot be read, or is not an RGB image of 0 … 255.
    """
    if isinstance(image, str | os.PathLike):
        return read_photograph(Path(image), height, width).pixels
    from PIL import Image

    if isinstance(image, Image.Image):
        return resize(_read_picture(image, name), height, width)
    return resize(_read_array(image, name), height, width)


def _read_picture(picture: "Image.Image", name: str) -> np.ndarray:
    """[h, w, 3] uint8: upright, alpha dropped."""
    from PIL import ImageFile, ImageOps

    # One that is not loaded yet still knows it; of its colours Pillow keeps the upper 8 bits.
    deep = isinstance(picture, ImageFile.ImageFile) and is_deep(picture, b"")
    try:
        upright = ImageOps.exif_transpose(picture)  # a copy
    except Exception as error:  # a file that Pillow reads only now raises many kinds
        raise UserError(f"{name}: a damaged image: {error}") from error
    if upright.mode == "F":
        raise UserError(f"{name}: pixel values that are not whole numbers: convert it to 8 bits")
    if upright.mode.startswith("I"):
        upright = to_grey(upright, name)
    upright.info.pop("transparency", None)  # Pillow would warn that it is dropped
    colours = upright.convert("RGB")
    return np.asarray(refuse_dark(colours, name) if deep else colours)


def _read_array(values: np.ndarray, name: str) -> np.ndarray:
    """[h, w, 3] uint8: the array, whose values must be whole numbers of 0 … 255."""
    array = np.asarray(values)
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise UserError(
            f"{name}: an array of shape {list(array.shape)}: must be [height, width, 3]"
        )
    if array.dtype == np.uint8:
        return array
    is_number = np.issubdtype(array.dtype, np.number)
    if not is_number or np.isnan(array).any() or array.min() < 0 or array.max() > 255:
        raise UserError(f"{name}: an array of {array.dtype}: its values must be 0 … 255")
    whole = array.astype(np.uint8)
    is_float = np.issubdtype(array.dtype, np.floating)
    if (whole != array).any() or (is_float and array.max() <= 1):
        raise UserError(
            f"{name}: values of 0 … 255 that are whole are expected: give the image as it is, "
            "unscaled; the model scales it itself"
        )
    return whole

"""From an image file to pixels: decoded, upright, RGB, resized."""

import contextlib
import io
import re
from typing import TYPE_CHECKING

import numpy as np

from hhexp.data.png import SIGNATURE, drop_notes
from hhexp.errors import UserError

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile as PillowFile

# Part of the cached folders' names: raise it when decoding below changes.
VERSION = 2
ODD_DEPTH = re.compile(r";16[BLN]'|'SGI16'|'BC6H'")
"""In Pillow's description of how it will decode: more than 8 bits per channel become 8."""


class _DamagedError(UserError):
    """An image file that Pillow cannot decode."""


def decode(content: bytes, name: str, image_size: int | None) -> np.ndarray:
    """One image file as ``[H, W, 3]`` uint8: upright as its EXIF orientation says, RGB, resized.

    Alpha is dropped as Pillow's ``convert`` does. Resizing is bilinear with Pillow's antialiasing:
    a triangle as wide as the scale, which unlike the bicubic and Lanczos filters makes no halos at
    sharp edges. The image is stretched to a square.

    Args:
        content: of the file.
        name: what messages call it.
        image_size: side in pixels of the square that it is resized to; None leaves its size.

    Raises:
        UserError: it is not an image, is damaged, has more than 8 bits per channel, or its first
            frame of several is empty.
    """
    return resize(read_picture(content, name), image_size)


def read_picture(content: bytes, name: str) -> "Image.Image":
    """One image file in its own size, as ``decode`` has it."""
    try:
        return _read_pixels(content, name)
    except _DamagedError:
        if not content.startswith(SIGNATURE):
            raise
    # What is wrong may be a text or another note, which every viewer passes over.
    return _read_pixels(drop_notes(content), name)


def resize(picture: "Image.Image", image_size: int | None) -> np.ndarray:
    """A picture as ``decode`` has it: ``[H, W, 3]`` uint8."""
    from PIL import Image

    if image_size is not None:
        picture = picture.resize((image_size, image_size), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _read_pixels(content: bytes, name: str) -> "Image.Image":
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()  # a PNG's checksums and end; it cannot be decoded after that
        with Image.open(io.BytesIO(content)) as picture:
            _refuse_deep(picture, content, name)
            picture.load()
            _refuse_empty_frame(picture, name)
            upright: Image.Image = picture
            with contextlib.suppress(Exception):  # EXIF that is broken says nothing of a side
                upright = ImageOps.exif_transpose(picture)
            upright.info.pop("transparency", None)  # Pillow would warn that it is dropped
            return upright.convert("RGB")
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise _DamagedError(f"{name}: not an image that Pillow can read") from error
    except Exception as error:  # Pillow's decoders raise many kinds
        raise _DamagedError(f"{name}: a damaged image: {error}") from error


def _refuse_deep(picture: "PillowFile", content: bytes, name: str) -> None:
    if is_deep(picture, content):
        raise UserError(
            f"{name}: more than 8 bits per channel; the extra bits would be lost: "
            "convert it to 8 bits"
        )


def _refuse_empty_frame(picture: "Image.Image", name: str) -> None:
    """An animation may begin with an empty frame, which without its alpha is black."""
    if not picture.has_transparency_data or getattr(picture, "n_frames", 1) == 1:
        return
    if picture.convert("RGBA").getchannel("A").getextrema()[1] == 0:
        raise UserError(
            f"{name}: the first of its frames is empty (transparent): save the frame that you "
            "mean as a PNG"
        )


def is_deep(picture: "PillowFile", content: bytes) -> bool:
    """Whether a picture that was opened, but not loaded, has more than 8 bits per channel.

    Of colours, Pillow drops the lower bits without a word.
    """
    if picture.mode.startswith(("I", "F")) or ODD_DEPTH.search(str(picture.tile)):
        return True
    if picture.format == "PPM":  # whose largest value is behind the mode
        return any(isinstance(tile.args, tuple) and tile.args[-1] > 255 for tile in picture.tile)
    # The bits less one of the first channel are 42 bytes into a JPEG 2000 codestream.
    start = content.find(b"\xff\x4f\xff\x51") if picture.format == "JPEG2000" else -1
    return start >= 0 and content[start + 42] & 0x7F > 7

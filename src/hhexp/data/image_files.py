"""Image files of other people: read as a whole, and looked at before they are decoded."""

import io
import re
import warnings
from importlib.resources.abc import Traversable
from pathlib import Path

from hhexp.errors import UserError
from hhexp.limits import IMAGE_BYTES, IMAGE_PIXELS


def read_image_file(file: Traversable, name: str) -> bytes:
    """The content of an image's file, on disk or in a zip file; ``name`` is for messages.

    Raises:
        OSError: it cannot be read.
        UserError: it is too large, or a pipe or a folder.
    """
    if isinstance(file, Path):
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise UserError(f"{name}: not a file")
        IMAGE_BYTES.check(file.stat().st_size, name)
    with file.open("rb") as stream:
        content = stream.read(IMAGE_BYTES.most + 1)  # a zip file may say less than there is
    IMAGE_BYTES.check(len(content), name)
    return content


def check_image(content: bytes, name: str) -> None:
    """Check what an image's first bytes say, so that it can be decoded.

    What is not an image, or a damaged one, passes: decoding it says so.

    Raises:
        UserError: it has too many pixels, or is of a kind that another program would decode.
    """
    from PIL import Image

    # Pillow's own limit, which no variable raises, would come before this one. As it is, it holds
    # for images inside of images.
    Image.MAX_IMAGE_PIXELS = IMAGE_PIXELS.most
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # of EXIF and the like
    try:
        with Image.open(io.BytesIO(content)) as picture:
            pixels, kind = picture.width * picture.height, picture.format
    except Image.DecompressionBombError as error:
        said = re.search(r"\((\d+) pixels\)", str(error))
        pixels, kind = int(said[1]) if said else 2 * IMAGE_PIXELS.most + 1, None
    except Exception:  # Pillow raises many kinds
        return
    IMAGE_PIXELS.check(pixels, name)
    if kind == "EPS":  # Pillow would start Ghostscript, which runs the program that it is
        raise UserError(f"{name}: EPS is not supported: convert it to PNG")

"""From image files to arrays: decoded once, resized, and kept in the cache."""

import contextlib
import io
import os
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hhexp.data.bad import BadFilesError, keep_bad, recall_bad
from hhexp.data.cache import cache_folder, open_or_build
from hhexp.data.chunks import split_chunks
from hhexp.data.dataset import Files, ImageFile
from hhexp.data.facts import FACTS, note_facts
from hhexp.data.image_files import check_image
from hhexp.data.manifest import read_file
from hhexp.data.png import SIGNATURE, drop_notes
from hhexp.errors import UserError

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile as PillowFile

# Part of the cached folder's name: raise it when decoding below changes.
VERSION = 2
NOTED = "facts.npz"
ODD_DEPTH = re.compile(r";16[BLN]'|'SGI16'|'BC6H'")
"""In Pillow's description of how it will decode: more than 8 bits per channel become 8."""


class _DamagedError(UserError):
    """An image file that Pillow cannot decode."""


class Decoded(NamedTuple):
    """The images of a split."""

    images: np.ndarray
    """``[N, H, W, 3]`` uint8, memory-mapped."""
    facts: np.ndarray
    """``[N]`` of ``FACTS``."""


def open_decoded(files: Files, fingerprint: str, image_size: int | None) -> dict[str, Decoded]:
    """The images of each split from the cache.

    Args:
        files: each split sorted by path; their content is what ``fingerprint`` says.
        fingerprint: names the cached folder, with the size and the decoder.
        image_size: side in pixels of the square that images are resized to; None leaves them.

    Raises:
        BadFilesError: files are not images or are damaged.
        UserError: sizes differ and ``image_size`` is None, or the cache cannot be written.
    """
    import PIL

    size = image_size or "native"
    name = f"{fingerprint}-{size}-v{VERSION}-pillow{PIL.__version__}"
    recall_bad(name)
    try:
        return open_or_build(
            cache_folder() / "decoded" / name,
            lambda folder: _open_arrays(folder, files, image_size),
            lambda folder: _decode_all(folder, files, image_size),
        )
    except BadFilesError as error:
        keep_bad(name, error)
        raise


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
    return _resize(read_picture(content, name), image_size)


def read_picture(content: bytes, name: str) -> "Image.Image":
    """One image file in its own size, as ``decode`` has it."""
    try:
        return _read_pixels(content, name)
    except _DamagedError:
        if not content.startswith(SIGNATURE):
            raise
    # What is wrong may be a text or another note, which every viewer passes over.
    return _read_pixels(drop_notes(content), name)


def _resize(picture: "Image.Image", image_size: int | None) -> np.ndarray:
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


def _decode_all(folder: Path, files: Files, image_size: int | None) -> None:
    """Decode the images of all splits into the folder.

    Raises:
        BadFilesError: after all of them, if some cannot be decoded.
        UserError: they have different sizes.
    """
    first, shape = _find_shape(files, image_size)
    bad: dict[str, str] = {}

    def place(images: np.ndarray, facts: np.ndarray, index: int, image: ImageFile) -> None:
        content = read_file(image)
        try:
            check_image(content, image.place)
            picture = read_picture(content, image.place)
        except UserError as error:
            bad[image.path] = str(error)
            return
        pixels = _resize(picture, image_size)
        if pixels.shape != shape:
            raise UserError(
                f"images have different sizes, such as {first.place} {_format_size(shape)} "
                f"and {image.place} {_format_size(pixels.shape)}: "
                "choose one size for all, such as data.image_size=150"
            )
        images[index], facts[index] = pixels, note_facts(picture.size, pixels)

    noted = {split: np.zeros(len(members), FACTS) for split, members in files.items()}
    # No more threads than cores: small images would wait for each other at Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for split, members in files.items():
            file = _name_array(folder, split)
            _create_array(file, (len(members), *shape))
            for start, chunk in split_chunks(members, f"decoding {split}"):
                # Mapped anew, so that what is written need not stay in memory.
                images = np.lib.format.open_memmap(file, "r+")
                for _ in pool.map(partial(place, images, noted[split]), count(start), chunk):
                    pass
            np.lib.format.open_memmap(file, "r+").flush()
    if bad:
        raise BadFilesError({path: bad[path] for path in sorted(bad)})
    np.savez(folder / NOTED, **noted)  # type: ignore[arg-type] # mypy takes a name for allow_pickle


def _find_shape(files: Files, image_size: int | None) -> tuple[ImageFile, tuple[int, ...]]:
    """The first image that can be decoded, and its shape; if there is none, any."""
    images = [image for members in files.values() for image in members]
    if image_size is None:
        for image in images:
            content = read_file(image)
            with contextlib.suppress(UserError):
                check_image(content, image.place)
                return image, decode(content, image.place, None).shape
    return images[0], (image_size or 1, image_size or 1, 3)


def _create_array(path: Path, shape: tuple[int, ...]) -> None:
    """Make a file of zeros, with all its space reserved: a full disk later would kill us."""
    np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _open_arrays(folder: Path, files: Files, image_size: int | None) -> dict[str, Decoded] | None:
    """The cached arrays; None where they are missing, cut short or of the wrong shape."""
    try:
        arrays = {split: np.load(_name_array(folder, split), mmap_mode="r") for split in files}
        with np.load(folder / NOTED) as noted:
            facts = {split: noted[split] for split in files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    height, width = (
        (image_size, image_size) if image_size else next(iter(arrays.values())).shape[1:3]
    )
    for split, images in arrays.items():
        if images.dtype != np.uint8 or images.shape != (len(files[split]), height, width, 3):
            return None
        if facts[split].dtype != FACTS or facts[split].shape != (len(images),):
            return None
    return {split: Decoded(images, facts[split]) for split, images in arrays.items()}


def _name_array(folder: Path, split: str) -> Path:
    return folder / f"{split}.npy"


def _format_size(shape: tuple[int, ...]) -> str:
    return f"({shape[1]}x{shape[0]})"

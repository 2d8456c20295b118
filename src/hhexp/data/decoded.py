"""The images of a data set, decoded: once, into the cache, or whenever they are asked for."""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hhexp.data.bad import BadFilesError, keep_bad, recall_bad
from hhexp.data.cache import cache_folder, open_or_build
from hhexp.data.chunks import split_chunks
from hhexp.data.dataset import Files, ImageFile
from hhexp.data.decode import VERSION, decode, read_picture, resize
from hhexp.data.facts import FACTS, note_facts
from hhexp.data.image_files import check_image
from hhexp.data.manifest import read_file
from hhexp.data.mapped import MappedImages
from hhexp.data.on_demand import decode_on_demand
from hhexp.errors import UserError

NOTED = "facts.npz"
Shape = tuple[int, ...]


class Decoded(NamedTuple):
    """The images of a split."""

    images: np.ndarray
    """``[N, H, W, 3]`` uint8, memory-mapped or decoded on demand."""
    facts: np.ndarray
    """``[N]`` of ``FACTS``."""


def open_decoded(
    files: Files, fingerprint: str, image_size: int | None, *, keep: bool = True
) -> dict[str, Decoded]:
    """The images of each split.

    Args:
        files: each split sorted by path; their content is what ``fingerprint`` says.
        fingerprint: names the cached folder, with the size and the decoder.
        image_size: side in pixels of the square that images are resized to; None leaves them.
        keep: whether the cache keeps what is decoded; else it keeps only what is noted of it, and
            each image is decoded whenever it is asked for.

    Raises:
        BadFilesError: files are not images or are damaged.
        UserError: sizes differ and ``image_size`` is None, or the cache cannot be written.
    """
    import PIL

    size = image_size or "native"
    name = f"{fingerprint}-{size}-v{VERSION}-pillow{PIL.__version__}"
    recall_bad(name)
    opens: Callable[..., dict[str, Decoded] | None] = _open_arrays if keep else _open_on_demand
    try:
        return open_or_build(
            cache_folder() / ("decoded" if keep else "facts") / name,
            lambda folder: opens(folder, files, image_size),
            lambda folder: _decode_all(folder, files, image_size, keep),
            resumes=True,
        )
    except BadFilesError as error:
        keep_bad(name, error)
        raise


def _decode_all(folder: Path, files: Files, image_size: int | None, keep: bool) -> None:
    """Decode the images of all splits into the folder; those that it has already are left.

    Raises:
        BadFilesError: after all of them, if some cannot be decoded.
        UserError: they have different sizes.
    """
    first, shape = _find_shape(files, image_size)
    bad: dict[str, str] = {}

    def place(facts: np.ndarray, images: np.ndarray | None, index: int, image: ImageFile) -> None:
        if _is_whole(facts[index], None if images is None else images[index]):
            return
        content = read_file(image)
        try:
            check_image(content, image.place)
            picture = read_picture(content, image.place)
        except UserError as error:
            bad[image.path] = str(error)
            return
        pixels = resize(picture, image_size)
        if pixels.shape != shape:
            raise UserError(
                f"images have different sizes, such as {first.place} {_format_size(shape)} "
                f"and {image.place} {_format_size(pixels.shape)}: "
                "choose one size for all, such as data.image_size=150"
            )
        if images is not None:
            images[index] = pixels
        facts[index] = note_facts(picture.size, pixels)

    # No more threads than cores: small images would wait for each other at Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for split, members in files.items():
            noted, file = _name_notes(folder, split), _name_array(folder, split)
            _reserve(noted, FACTS, (len(members),))
            if keep:
                _reserve(file, np.dtype(np.uint8), (len(members), *shape))
            for start, chunk in split_chunks(members, f"decoding {split}"):
                # Mapped anew, so that what is written need not stay in memory.
                facts = np.lib.format.open_memmap(noted, "r+")
                images = np.lib.format.open_memmap(file, "r+") if keep else None
                for _ in pool.map(partial(place, facts, images), count(start), chunk):
                    pass
            if keep:
                np.lib.format.open_memmap(file, "r+").flush()
    if bad:
        raise BadFilesError({path: bad[path] for path in sorted(bad)})
    facts_of = {split: np.load(_name_notes(folder, split)) for split in files}
    np.savez(folder / NOTED, **facts_of)
    for split in files:
        _name_notes(folder, split).unlink()


def _is_whole(facts: np.ndarray, pixels: np.ndarray | None) -> bool:
    """Whether an image was decoded before the process was killed: the noted SHA-256 is of its
    pixels. In a new file all is zero."""
    noted = facts["sha256"].tobytes()
    return any(noted) and (pixels is None or hashlib.sha256(pixels.data).digest() == noted)


def _find_shape(files: Files, image_size: int | None) -> tuple[ImageFile, Shape]:
    """The first image that can be decoded, and its shape; if there is none, any."""
    images = [image for members in files.values() for image in members]
    if image_size is None:
        for image in images:
            content = read_file(image)
            with contextlib.suppress(UserError):
                check_image(content, image.place)
                return image, decode(content, image.place, None).shape
    return images[0], (image_size or 1, image_size or 1, 3)


def _reserve(path: Path, dtype: np.dtype, shape: Shape) -> None:
    """Make an array's file, unless it is there: zeros, with all its space reserved, as a full disk
    would kill the process later."""
    with contextlib.suppress(OSError, ValueError, EOFError):
        found = np.load(path, mmap_mode="r")
        if (found.dtype, found.shape) == (dtype, shape):
            return
    np.lib.format.open_memmap(path, "w+", dtype, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _open_arrays(folder: Path, files: Files, image_size: int | None) -> dict[str, Decoded] | None:
    """The cached arrays; None where they are missing, cut short or of the wrong shape."""
    facts = _open_facts(folder, files)
    if facts is None:
        return None
    try:
        arrays = {
            split: np.load(_name_array(folder, split), mmap_mode="r").view(MappedImages)
            for split in files
        }
    except (OSError, ValueError, EOFError):
        return None
    height, width = (
        (image_size, image_size) if image_size else next(iter(arrays.values())).shape[1:3]
    )
    for split, images in arrays.items():
        if images.dtype != np.uint8 or images.shape != (len(files[split]), height, width, 3):
            return None
    return {split: Decoded(images, facts[split]) for split, images in arrays.items()}


def _open_on_demand(
    folder: Path, files: Files, image_size: int | None
) -> dict[str, Decoded] | None:
    """Images that are decoded when they are asked for; None where no facts of them are noted."""
    facts = _open_facts(folder, files)
    if facts is None:
        return None
    return {
        split: Decoded(decode_on_demand(members, facts[split], image_size), facts[split])
        for split, members in files.items()
    }


def _open_facts(folder: Path, files: Files) -> dict[str, np.ndarray] | None:
    """The facts of each split; None where they are missing or damaged."""
    try:
        with np.load(folder / NOTED) as noted:
            facts = {split: noted[split] for split in files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    for split, each in facts.items():
        if each.dtype != FACTS or each.shape != (len(files[split]),):
            return None
    return facts


def _name_array(folder: Path, split: str) -> Path:
    return folder / f"{split}.npy"


def _name_notes(folder: Path, split: str) -> Path:
    """The facts of a split whose images are being decoded."""
    return folder / f"{split}-facts.npy"


def _format_size(shape: Shape) -> str:
    return f"({shape[1]}x{shape[0]})"

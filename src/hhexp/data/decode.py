"""From image files to arrays: decoded once, resized, and kept in the cache."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from hhexp.data.cache import cache_folder, open_or_build
from hhexp.data.dataset import SPLITS, Files, ImageFile
from hhexp.data.manifest import read_file
from hhexp.errors import UserError

# Part of the cached folder's name: raise it when decoding below changes.
VERSION = 1


def open_decoded(files: Files, fingerprint: str, image_size: int | None) -> dict[str, np.ndarray]:
    """The images of each split, ``[N, H, W, 3]`` uint8, memory-mapped from the cache.

    Args:
        files: each split sorted by path; their content is what ``fingerprint`` says.
        fingerprint: names the cached folder, with the size and the decoder.
        image_size: side in pixels of the square that images are resized to; None leaves them.

    Raises:
        UserError: a file is not an image or is damaged, sizes differ and ``image_size`` is None, or
            the cache cannot be written.
    """
    import PIL

    size = image_size or "native"
    name = f"{fingerprint}-{size}-v{VERSION}-pillow{PIL.__version__}"
    return open_or_build(
        cache_folder() / "decoded" / name,
        lambda folder: _open_arrays(folder, files, image_size),
        lambda folder: _decode_all(folder, files, image_size),
    )


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
        UserError: it is not an image, is damaged, or has more than 8 bits per channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()  # a PNG's checksums and end; it cannot be decoded after that
        with Image.open(io.BytesIO(content)) as picture:
            if picture.mode.startswith(("I", "F")) or _is_deep_png(content):
                raise UserError(
                    f"{name}: more than 8 bits per channel; the extra bits would be lost: "
                    "convert it to 8 bits"
                )
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            upright.info.pop("transparency", None)  # Pillow would warn that it is dropped
            pixels = upright.convert("RGB")
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(f"{name}: not an image that Pillow can read") from error
    except Exception as error:  # Pillow's decoders raise many kinds
        raise UserError(f"{name}: a damaged image: {error}") from error
    if image_size is not None:
        pixels = pixels.resize((image_size, image_size), Image.Resampling.BILINEAR)
    return np.asarray(pixels)


def _is_deep_png(content: bytes) -> bool:
    """Whether a PNG has 16 bits per channel; in colour, Pillow silently cuts them to 8."""
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content[24] == 16


def _decode_all(folder: Path, files: Files, image_size: int | None) -> None:
    first = files["train"][0]
    shape = decode(read_file(first), first.path, image_size).shape
    with ThreadPoolExecutor() as pool:
        for split in SPLITS:
            images = _create_array(_name_array(folder, split), (len(files[split]), *shape))

            def place(index: int, image: ImageFile, images: np.ndarray = images) -> None:
                pixels = decode(read_file(image), image.path, image_size)
                if pixels.shape != shape:
                    raise UserError(
                        f"images have different sizes, such as {first.path} {_format_size(shape)} "
                        f"and {image.path} {_format_size(pixels.shape)}: "
                        "choose one size for all, such as data.image_size=150"
                    )
                images[index] = pixels

            for _ in pool.map(place, range(len(images)), files[split]):
                pass
            images.flush()


def _create_array(path: Path, shape: tuple[int, ...]) -> "np.memmap[Any, Any]":
    """A mapped file of zeros, with all its space reserved: a full disk later would kill us."""
    images = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return images


def _open_arrays(
    folder: Path, files: Files, image_size: int | None
) -> dict[str, np.ndarray] | None:
    """The cached arrays; None where they are missing, cut short or of the wrong shape."""
    try:
        arrays = {split: np.load(_name_array(folder, split), mmap_mode="r") for split in SPLITS}
    except (OSError, ValueError, EOFError):
        return None
    height, width = (image_size, image_size) if image_size else arrays["train"].shape[1:3]
    for split, images in arrays.items():
        if images.dtype != np.uint8 or images.shape != (len(files[split]), height, width, 3):
            return None
    return arrays


def _name_array(folder: Path, split: str) -> Path:
    return folder / f"{split}.npy"


def _format_size(shape: tuple[int, ...]) -> str:
    return f"({shape[1]}x{shape[0]})"

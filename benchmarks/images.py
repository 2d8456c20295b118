"""The images as PNG files in class folders, which the yardstick and hhexp read alike."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hhexp.config.registry import data_reader
from hhexp.data.dataset import SPLITS, Files, ImageFile
from hhexp.data.folders import find_images


@dataclass(frozen=True)
class Source:
    """The images to measure with."""

    files: Files
    words: tuple[str, ...]
    """Overrides with which ``hhexp.run`` reads them."""
    label: str


@dataclass(frozen=True)
class PngFolder:
    """A folder with ``train/`` and ``validation/``, and how many images each has."""

    folder: Path
    training: int
    validation: int

    @property
    def words(self) -> tuple[str, ...]:
        """Overrides with which ``hhexp.run`` reads them."""
        return overrides_for(self.folder)


def find_source(folder: str | None, bundled_sha256: str) -> Source:
    """The images in a folder, else in ``$HHEXP_DATA``, else those in the package.

    Args:
        folder: with ``train/`` and ``validation/`` in it, or None.
        bundled_sha256: of the package's images.

    Raises:
        UserError: the folder is missing or holds no such images.
    """
    if chosen := folder or os.environ.get("HHEXP_DATA"):
        root = Path(chosen).expanduser().absolute()
        return Source(find_images(root, chosen), overrides_for(root), "the given files")
    files = data_reader.functions["bundled"](sha256=bundled_sha256)
    return Source(files, ("data=horses_or_humans",), "the bundled images, written as PNG")


def overrides_for(folder: Path) -> tuple[str, ...]:
    """Overrides with which ``hhexp.run`` reads class folders."""
    return "data=folder", f"data.root={folder}"


def write_png_files(
    files: Files, folder: Path, training: int | None, validation: int | None
) -> PngFolder:
    """Write images as PNG files: all of a split, or so many, spread evenly over the classes.

    A PNG file is copied as it is; any other is decoded and encoded again.
    """
    counts = []
    for split, wanted in zip(SPLITS, (training, validation), strict=True):
        images = sorted(files[split], key=lambda image: image.path)
        count = min(wanted or len(images), len(images))
        for index in np.linspace(0, len(images) - 1, count).astype(int):
            file = (folder / images[index].path).with_suffix(".png")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_encode_png(images[index]))
        counts.append(count)
    return PngFolder(folder, *counts)


def read_side(files: Files) -> int:
    """The images' side in pixels, from the first of them."""
    from PIL import Image

    with Image.open(io.BytesIO(files["train"][0].read())) as picture:
        return min(picture.size)


def _encode_png(image: ImageFile) -> bytes:
    from PIL import Image

    content = image.read()
    if content.startswith(b"\x89PNG"):
        return content
    encoded = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(encoded, "PNG")
    return encoded.getvalue()

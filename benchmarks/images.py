"""The images as PNG files in class folders, which the yardstick and hhexp read alike."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hhexp.config.registry import data_reader
from hhexp.data.dataset import SPLITS, Files, ImageFile
from hhexp.data.folders import class_folders


@dataclass(frozen=True)
class Source:
    """The images to measure with."""

    files: Files
    words: tuple[str, ...]
    """The overrides that make ``hhexp.run`` read them."""
    label: str


@dataclass(frozen=True)
class Pictures:
    """A folder with ``train/`` and ``validation/``, and how many images each has."""

    folder: Path
    training: int
    validation: int

    @property
    def words(self) -> tuple[str, ...]:
        """The overrides that make ``hhexp.run`` read them."""
        return folder_words(self.folder)


def source(folder: str | None, bundled_sha256: str) -> Source:
    """The images in a folder, else in ``$HHEXP_DATA``, else the copy inside the package.

    Args:
        folder: with ``train/`` and ``validation/`` in it, or None.
        bundled_sha256: of that copy.

    Raises:
        UserError: they are not there.
    """
    if chosen := folder or os.environ.get("HHEXP_DATA"):
        root = Path(chosen).expanduser().absolute()
        return Source(class_folders(root, chosen), folder_words(root), "the files given")
    files = data_reader.functions["bundled"](sha256=bundled_sha256)
    return Source(files, ("data=horses_or_humans",), "the bundled copy, written as PNG")


def folder_words(folder: Path) -> tuple[str, ...]:
    """The overrides that make ``hhexp.run`` read class folders."""
    return "data=folder", f"data.root={folder}"


def written(files: Files, folder: Path, training: int | None, validation: int | None) -> Pictures:
    """Write images as PNG files, evenly chosen from all classes where not all are wanted.

    A PNG file is copied as it is; another is decoded and written anew.
    """
    counts = []
    for split, wanted in zip(SPLITS, (training, validation), strict=True):
        images = sorted(files[split], key=lambda image: image.path)
        count = min(wanted or len(images), len(images))
        for index in np.linspace(0, len(images) - 1, count).astype(int):
            file = (folder / images[index].path).with_suffix(".png")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_png(images[index]))
        counts.append(count)
    return Pictures(folder, *counts)


def side(files: Files) -> int:
    """The side in pixels of the images, from the first of them."""
    from PIL import Image

    with Image.open(io.BytesIO(files["train"][0].read())) as picture:
        return min(picture.size)


def _png(image: ImageFile) -> bytes:
    from PIL import Image

    content = image.read()
    if content.startswith(b"\x89PNG"):
        return content
    made = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(made, "PNG")
    return made.getvalue()

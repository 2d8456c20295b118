"""What a data set is: the files that a reader finds, and the arrays that training sees."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class ImageFile:
    """One image, not yet read."""

    path: str
    """Relative, with forward slashes, unique in the data set: ``train/horses/horse01-0.webp``."""
    label: str
    """The name of its class."""
    read: Callable[[], bytes]


Files = dict[str, list[ImageFile]]
"""What a reader returns: ``{"train": [...], "validation": [...]}``."""


@dataclass(frozen=True, eq=False)
class Split:
    """The images of one split, sorted by path."""

    images: np.ndarray
    """``[N, H, W, 3]`` uint8, memory-mapped, read-only."""
    labels: np.ndarray
    """``[N]`` int64, indices into the data set's classes."""
    paths: tuple[str, ...]


@dataclass(frozen=True)
class FileEntry:
    """One file of the manifest: its size in bytes and the SHA-256 (hex) of its content."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, decoded."""

    name: str
    classes: tuple[str, ...]
    """The classes' names, sorted; a label is an index into them."""
    train: Split
    validation: Split
    fingerprint: str
    """SHA-256 (hex) over the manifest, see ``hhexp.data.manifest``."""
    manifest: tuple[FileEntry, ...]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Images of each class in each split: ``{"train": {"horses": 500, ...}, ...}``."""
        return {
            split: self._count(images)
            for split, images in (("train", self.train), ("validation", self.validation))
        }

    def _count(self, split: Split) -> dict[str, int]:
        counted = Counter(split.labels.tolist())
        return {name: counted[index] for index, name in enumerate(self.classes)}

"""What a data set is: the files that a reader finds, and the arrays that training sees."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hhexp.data.facts import FACTS

SPLITS = ("train", "validation")
"""The splits that every data set has."""
TEST = "test"
"""The split that some have: no training sees it."""


@dataclass(frozen=True)
class ImageFile:
    """One image, not yet read."""

    path: str
    """Relative, with forward slashes, unique in the data set: ``train/horses/horse01-0.webp``."""
    label: str
    """The name of its class."""
    read: Callable[[], bytes]
    file: Path | None = None
    """Where it lies on disk; None for one in an archive."""
    group: str = ""
    """The folder inside its class folder, such as its subject's, where it lies in one."""
    origin: str = ""
    """Its path before it was put into another split; messages name it."""

    @property
    def place(self) -> str:
        """Where the person finds it, for messages."""
        return self.origin or self.path


Files = dict[str, list[ImageFile]]
"""What a reader returns: ``{"train": [...], "validation": [...], "test": [...]}``; the last two may
be missing."""


@dataclass(frozen=True, eq=False)
class Split:
    """The images of one split, sorted by path."""

    images: np.ndarray
    """``[N, H, W, 3]`` uint8, memory-mapped, read-only."""
    labels: np.ndarray
    """``[N]`` int64, indices into the data set's classes."""
    paths: tuple[str, ...]
    facts: np.ndarray = field(default_factory=lambda: np.zeros(0, FACTS))
    """``[N]`` of ``FACTS``."""


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
    """The files that training sees: those of ``train`` and ``validation``."""
    test: Split | None = None
    test_fingerprint: str | None = None
    """As ``fingerprint``, of the test images alone."""
    test_manifest: tuple[FileEntry, ...] = ()
    skipped: tuple[str, ...] = ()
    """A line on each file that was left out because it cannot be used."""

    @property
    def splits(self) -> dict[str, Split]:
        """Its splits by name, with ``test`` where there is one."""
        splits = {"train": self.train, "validation": self.validation}
        return splits | ({TEST: self.test} if self.test else {})

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Images of each class in each split: ``{"train": {"horses": 500, ...}, ...}``."""
        return {name: self._count(split) for name, split in self.splits.items()}

    def _count(self, split: Split) -> dict[str, int]:
        counted = Counter(split.labels.tolist())
        return {name: counted[index] for index, name in enumerate(self.classes)}

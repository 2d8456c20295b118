"""Data sets: ``open_dataset`` finds, cuts and decodes them, ``epoch_order`` orders their images.

Importing this registers the readers that ``data.reader`` may name.
"""

from hhexp.data import bundled, folders, published  # noqa: F401 (registers the readers)
from hhexp.data.dataset import Dataset, FileEntry, Files, ImageFile, Split
from hhexp.data.findings import find_doubts
from hhexp.data.loading import load
from hhexp.data.opening import describe_dataset, list_doubts, open_dataset
from hhexp.data.order import epoch_order

__all__ = [
    "Dataset",
    "FileEntry",
    "Files",
    "ImageFile",
    "Split",
    "describe_dataset",
    "epoch_order",
    "find_doubts",
    "list_doubts",
    "load",
    "open_dataset",
]

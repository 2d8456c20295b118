"""Data sets: readers find the files, ``load`` decodes them once, ``epoch_order`` orders them.

Importing this registers the readers that ``data.reader`` may name.
"""

from hhexp.data import bundled, folders, published  # noqa: F401 (registers the readers)
from hhexp.data.dataset import Dataset, FileEntry, Files, ImageFile, Split
from hhexp.data.loading import load
from hhexp.data.order import epoch_order

__all__ = [
    "Dataset",
    "FileEntry",
    "Files",
    "ImageFile",
    "Split",
    "epoch_order",
    "load",
]

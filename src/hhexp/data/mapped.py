"""Images in a memory-mapped file, which may be larger than the memory."""

import mmap
from typing import Any

import numpy as np


class MappedImages(np.memmap[Any, Any]):
    """A memory-mapped array of images whose batches are read ahead from the disk.

    A batch of an epoch is images from all over the file. Without being told, the system reads them
    one after the other, each with as much around it that is not needed.
    """

    _mmap: mmap.mmap
    """NumPy's, which its stubs leave out."""

    def __getitem__(self, index: Any) -> Any:
        """What an array gives; the images of a batch are first asked for, all at once."""
        if isinstance(index, np.ndarray) and index.dtype.kind == "i" and self._is_whole():
            for number in np.sort(index % len(self)).tolist():
                self._read_ahead(number)
        return super().__getitem__(index)

    def _is_whole(self) -> bool:
        """Whether this is the file's array, on a system that can be told; and not a part of it."""
        mapped = self._mmap
        can = hasattr(mapped, "madvise")
        return can and len(mapped) == self.offset % mmap.ALLOCATIONGRANULARITY + self.nbytes

    def _read_ahead(self, number: int) -> None:
        """Ask the system for the pages of an image, and do not wait for them."""
        size = self.strides[0]
        start = self.offset % mmap.ALLOCATIONGRANULARITY + number * size
        page = start - start % mmap.PAGESIZE
        self._mmap.madvise(mmap.MADV_WILLNEED, page, start + size - page)

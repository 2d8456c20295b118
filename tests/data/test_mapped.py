"""Batches of memory-mapped images are read ahead, and are the same as those of any array."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from hhexp.data import load
from hhexp.data.folders import folder
from hhexp.data.mapped import MappedImages

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 40, 40, 3), np.uint8)


class Spy:
    """A map of a file that notes which bytes it is asked for ahead."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self.mapped, self.asked = mapped, np.zeros(len(mapped), bool)

    def __len__(self) -> int:
        return len(self.mapped)

    def madvise(self, advice: int, start: int, length: int) -> None:
        self.mapped.madvise(advice, start, length)
        self.asked[start : start + length] = True


@pytest.fixture
def mapped(tmp_path: Path) -> MappedImages:
    np.save(tmp_path / "images.npy", IMAGES)
    images = np.load(tmp_path / "images.npy", mmap_mode="r").view(MappedImages)
    assert isinstance(images, MappedImages)
    return images


@pytest.mark.parametrize(
    "index", [0, -1, slice(3, 9), np.array([4, 4, 0, -1]), np.array([], np.int64), [1, 2], (1, 2)]
)
def test_an_index_gives_what_an_array_gives(mapped: MappedImages, index: object) -> None:
    assert np.array_equal(mapped[index], IMAGES[index])
    assert np.array_equal(mapped[5:][index], IMAGES[5:][index])


@pytest.mark.skipif(not hasattr(mmap.mmap, "madvise"), reason="this system cannot be told")
def test_all_pages_of_a_batch_are_asked_for_and_few_others(mapped: MappedImages) -> None:
    mapped._mmap = spy = Spy(mapped._mmap)
    mapped[np.array([49, 7, -3])]
    size, header = mapped.strides[0], len(spy) - mapped.nbytes
    for number in (49, 7, 47):
        assert spy.asked[header + number * size : header + (number + 1) * size].all()
    assert spy.asked.sum() < 3 * (size + 2 * mmap.PAGESIZE)
    before = spy.asked.copy()
    mapped[10:][np.array([0, 1])]
    assert np.array_equal(spy.asked, before)


def test_the_cache_is_mapped_so(images: Path) -> None:
    dataset = load("mine", folder(root=str(images)), 16)
    assert all(isinstance(split.images, MappedImages) for split in dataset.splits.values())
    assert not dataset.train.images.flags.writeable

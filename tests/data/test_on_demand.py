"""``data.cache=none``: the same pixels, decoded whenever they are asked for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.config.schema import Data
from hhexp.data import Dataset, list_doubts, load
from hhexp.data.decode import decode
from hhexp.data.folders import folder
from hhexp.errors import UserError


@pytest.fixture
def both(images: Path) -> tuple[Dataset, Dataset]:
    """The data set with its pixels in the cache, and without."""
    kept, none = (load("mine", folder(root=str(images)), 16, keep=keep) for keep in (True, False))
    return kept, none


@pytest.mark.parametrize(
    "index", [slice(None), slice(1, 3), slice(4, 99), np.array([5, 0, 0, -1]), [2], []]
)
def test_an_index_gives_what_the_array_gives(both: tuple[Dataset, Dataset], index: object) -> None:
    kept, none = (dataset.train.images for dataset in both)
    found = none[index]
    assert (found.dtype, found.shape) == (kept[index].dtype, kept[index].shape)
    assert np.array_equal(found, kept[index])


def test_it_has_what_training_asks_of_an_array(both: tuple[Dataset, Dataset]) -> None:
    kept, none = (dataset.validation.images for dataset in both)
    assert (none.shape, none.dtype, len(none)) == (kept.shape, kept.dtype, len(kept))
    assert np.array_equal(none[-1], kept[-1])
    assert np.array_equal(np.stack(list(none)), kept)
    with pytest.raises(IndexError):
        none[len(kept)]


def test_the_data_set_is_the_same(both: tuple[Dataset, Dataset]) -> None:
    kept, none = both
    assert (none.fingerprint, none.counts) == (kept.fingerprint, kept.counts)
    assert np.array_equal(none.train.facts, kept.train.facts)
    data = Data(name="mine", reader="folder", image_size=16, views={})
    assert list_doubts(none, data) == list_doubts(kept, data)


def test_no_pixels_are_kept(images: Path, cache: Path) -> None:
    load("mine", folder(root=str(images)), None, keep=False)
    assert not list(cache.rglob("*.npy"))
    assert not (cache / "decoded").exists()


def test_images_of_their_own_size_have_it(images: Path) -> None:
    none = load("mine", folder(root=str(images)), None, keep=False)
    path = images / none.train.paths[0]
    assert none.train.images.shape[1:] == (32, 32, 3)
    assert np.array_equal(none.train.images[0], decode(path.read_bytes(), "", None))


def test_a_file_that_changes_meanwhile_is_an_error(images: Path) -> None:
    dataset = load("mine", folder(root=str(images)), 16, keep=False)
    Image.new("RGB", (32, 32), "green").save(images / dataset.train.paths[1])
    assert dataset.train.images[:1].any()
    with pytest.raises(UserError, match=r"train/cats/cats1\.png: has changed since"):
        dataset.train.images[[0, 1]]


def test_cache_is_one_of_two_words() -> None:
    values = {"name": "mine", "reader": "folder", "image_size": 16, "views": {}, "root": "."}
    assert Data.model_validate(values).cache == "decoded"
    with pytest.raises(ValueError, match="cache"):
        Data.model_validate({**values, "cache": "some"})

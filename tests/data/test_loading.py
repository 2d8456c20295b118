import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.config.registry import data_reader, list_keys
from hhexp.data import Dataset, ImageFile, load
from hhexp.data.folders import folder
from hhexp.errors import UserError


def loaded(root: Path, image_size: int | None = None) -> Dataset:
    return load("mine", folder(root=str(root)), image_size)


def test_a_data_set_holds_the_images_their_labels_and_their_paths(images: Path) -> None:
    dataset = loaded(images)
    assert dataset.name == "mine"
    assert dataset.classes == ("cats", "dogs")
    assert dataset.counts == {
        "train": {"cats": 3, "dogs": 3},
        "validation": {"cats": 2, "dogs": 2},
    }
    train = dataset.train
    assert train.images.shape == (6, 32, 32, 3)
    assert train.images.dtype == np.uint8
    assert train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert train.labels.dtype == np.int64
    assert train.paths[4] == "train/dogs/dogs1.png"
    assert len(dataset.manifest) == 10
    for split in (dataset.train, dataset.validation):
        for path, pixels in zip(split.paths, split.images, strict=True):
            assert np.array_equal(pixels, np.asarray(Image.open(images / path)))


def test_images_are_resized_where_asked_whatever_their_sizes(
    images: Path, draw: Callable[..., Path]
) -> None:
    draw(images / "train/cats/wide.png", (64, 40))
    dataset = loaded(images, 24)
    assert dataset.train.images.shape == (7, 24, 24, 3)
    assert dataset.validation.images.shape == (4, 24, 24, 3)


def test_images_are_mapped_into_memory_read_only(images: Path) -> None:
    for dataset in (loaded(images), loaded(images)):
        assert isinstance(dataset.train.images, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            dataset.train.images[0] = 0


def test_the_order_in_which_a_reader_gives_the_files_does_not_matter(images: Path) -> None:
    files = folder(root=str(images))
    backwards = {split: files[split][::-1] for split in ("validation", "train")}
    one, other = load("mine", files, None), load("mine", backwards, None)
    assert one.fingerprint == other.fingerprint
    assert one.train.paths == other.train.paths
    assert one.train.labels.tolist() == other.train.labels.tolist()


def test_labels_come_from_the_reader_not_from_the_paths(images: Path) -> None:
    files = {
        split: [ImageFile(f.path, {"cats": "z", "dogs": "a"}[f.label], f.read) for f in given]
        for split, given in folder(root=str(images)).items()
    }
    dataset = load("mine", files, None)
    assert dataset.classes == ("a", "z")
    assert dataset.train.labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_importing_the_package_registers_the_readers() -> None:
    assert {"bundled", "published", "folder"} <= set(data_reader.functions)
    assert list(list_keys(data_reader.functions["folder"])) == ["root"]


def fails(root: Path, cache: Path, message: str, image_size: int | None = None) -> None:
    """Loading says ``message`` in one line, and nothing is left in the cache."""
    with pytest.raises(UserError, match=message) as caught:
        loaded(root, image_size)
    assert str(caught.value).startswith("data mine: ")
    assert "\n" not in str(caught.value)
    assert not list(cache.rglob("*.npy"))


def test_a_single_class_is_refused(images: Path, cache: Path) -> None:
    for split in ("train", "validation"):
        shutil.rmtree(images / split / "dogs")
    fails(images, cache, "only one class, 'cats'")


def test_a_class_that_only_validation_has_is_refused(
    images: Path, cache: Path, draw: Callable[..., Path]
) -> None:
    draw(images / "validation/birds/a.png")
    fails(images, cache, "validation has the class 'birds', but train does not")


def test_a_class_that_only_training_has_is_refused(
    images: Path, cache: Path, draw: Callable[..., Path]
) -> None:
    draw(images / "train/birds/a.png")
    fails(images, cache, "train has the class 'birds', but validation does not")


def test_sizes_that_differ_are_refused_with_two_files_named(
    images: Path, cache: Path, draw: Callable[..., Path]
) -> None:
    draw(images / "validation/cats/wide.png", (64, 40))
    fails(
        images,
        cache,
        r"train/cats/cats0\.png \(32x32\) and validation/cats/wide\.png \(64x40\).*image_size",
    )


def test_a_file_that_is_no_image_is_refused(images: Path, cache: Path) -> None:
    (images / "validation/dogs/notes.txt").write_text("good dogs")
    fails(images, cache, r"validation/dogs/notes\.txt: not an image")


def test_a_truncated_image_is_refused_with_a_size_too(images: Path, cache: Path) -> None:
    file = images / "train/dogs/dogs2.png"
    file.write_bytes(file.read_bytes()[:200])
    fails(images, cache, r"train/dogs/dogs2\.png: a damaged image", image_size=16)


def test_a_reader_that_does_not_keep_to_the_contract_is_told(images: Path) -> None:
    files = folder(root=str(images))
    with pytest.raises(UserError, match="not train and validation"):
        load("mine", {"train": files["train"]}, None)
    with pytest.raises(UserError, match="occur only once"):
        load("mine", {**files, "train": files["train"] * 2}, None)
    with pytest.raises(UserError, match="must start with train/"):
        load("mine", {**files, "train": files["validation"]}, None)
    with pytest.raises(UserError, match="no images"):
        load("mine", {"train": [], "validation": []}, None)

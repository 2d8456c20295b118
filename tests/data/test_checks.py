from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.config.schema import Data
from hhexp.data import list_doubts, load, open_dataset
from hhexp.data.checks import check_images
from hhexp.data.folders import folder
from hhexp.errors import UserError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Cats and dogs, 12 training and 10 validation images each, in which nothing is odd."""
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("validation", 10)):
        for label in ("cats", "dogs"):
            (tmp_path / "pictures" / split / label).mkdir(parents=True)
            for number in range(count):
                coarse = Image.fromarray(random.integers(0, 256, (9, 9, 3)).astype(np.uint8))
                image = coarse.resize((64, 64), Image.Resampling.BICUBIC)
                image.save(tmp_path / "pictures" / split / label / f"{number}.png")
    return tmp_path / "pictures"


def found(root: Path, image_size: int | None = 32) -> dict[str, tuple[str, ...]]:
    dataset = load("mine", folder(root=str(root)), image_size)
    return {each.text: each.files for each in check_images(dataset, image_size)}


def copy(root: Path, one: str, other: str, change: Callable[[Image.Image], Image.Image]) -> None:
    with Image.open(root / one) as image:
        change(image).save(root / other)


def test_nothing_odd_is_nothing_said(pictures: Path) -> None:
    assert found(pictures) == {}


def test_the_same_picture_in_two_splits_is_found_whatever_its_file(pictures: Path) -> None:
    copy(pictures, "train/cats/3.png", "validation/cats/other.bmp", lambda image: image)
    assert found(pictures) == {
        "the same picture in two splits (1)": ("train/cats/3.png = validation/cats/other.bmp",)
    }


def test_the_same_picture_under_two_labels_is_found(pictures: Path) -> None:
    copy(pictures, "train/cats/3.png", "train/dogs/cat.png", lambda image: image)
    assert found(pictures) == {
        "the same picture under two labels (1)": ("train/cats/3.png = train/dogs/cat.png",)
    }


def test_a_picture_that_was_compressed_or_made_lighter_looks_the_same(pictures: Path) -> None:
    copy(pictures, "train/cats/3.png", "validation/cats/a.jpg", lambda image: image)
    copy(pictures, "train/cats/4.png", "train/dogs/b.png", lambda i: i.point(lambda v: v * 0.8))
    assert found(pictures) == {
        "pictures that look the same in two splits (1)": (
            "train/cats/3.png = validation/cats/a.jpg",
        ),
        "pictures that look the same under two labels (1)": (
            "train/cats/4.png = train/dogs/b.png",
        ),
    }


def test_pictures_of_one_colour_and_black_ones_are_found(pictures: Path) -> None:
    Image.new("RGB", (64, 64), (200, 200, 200)).save(pictures / "train/cats/grey.png")
    Image.new("RGB", (64, 64)).save(pictures / "validation/cats/grey.png")
    night = Image.new("RGB", (64, 64))
    night.paste((255, 255, 255), (20, 20, 28, 28))
    night.save(pictures / "train/dogs/b.png")
    said = found(pictures)
    assert said["pictures of one colour (2)"] == ("train/cats/grey.png", "validation/cats/grey.png")
    assert said["nearly black pictures (1)"] == ("train/dogs/b.png",)


def test_pictures_far_smaller_than_the_size_that_is_asked_for_are_found(pictures: Path) -> None:
    assert found(pictures, 128) == {}
    copy(pictures, "train/cats/3.png", "train/cats/3.png", lambda image: image.resize((300, 63)))
    assert found(pictures, 128) == {
        "pictures far smaller than 128 pixels (1)": ("train/cats/3.png",)
    }


def test_small_and_unbalanced_classes_are_found(pictures: Path) -> None:
    for number in range(9):
        (pictures / f"train/dogs/{number}.png").unlink()
    said = found(pictures)
    balance = "the largest has 4.0 times as many training images as the smallest"
    assert said == {
        f"classes out of balance: {balance}": ("cats 12", "dogs 3"),
        "classes with fewer than 10 images in train (1)": ("dogs 3",),
    }


def test_strict_makes_findings_errors(pictures: Path) -> None:
    data = Data(name="mine", reader="folder", image_size=32, views={}, root=str(pictures))
    strict = data.model_copy(update={"strict": True})
    open_dataset(strict)
    copy(pictures, "train/cats/3.png", "train/dogs/cat.png", lambda image: image)
    assert list_doubts(open_dataset(data), data) == [
        "the same picture under two labels (1): train/cats/3.png = train/dogs/cat.png"
    ]
    with pytest.raises(UserError, match=r"data mine: the same picture.*\(data\.strict=true\)"):
        open_dataset(strict)


def test_a_line_names_three_files(pictures: Path) -> None:
    for number in range(4):
        copy(pictures, f"train/cats/{number}.png", f"train/dogs/c{number}.png", lambda image: image)
    data = Data(name="mine", reader="folder", image_size=32, views={}, root=str(pictures))
    (line,) = list_doubts(open_dataset(data), data)
    assert line.startswith("the same picture under two labels (4): ")
    assert line.count(" = ") == 3 and line.endswith("; …")


def test_near_pictures_are_found_among_many(pictures: Path) -> None:
    """Also where the first bits of their hashes differ."""
    from hhexp.data.checks import _find_near, _Images
    from hhexp.data.facts import FACTS

    random = np.random.default_rng(1)
    facts = np.zeros(3000, FACTS)
    facts["gradients"] = random.integers(0, 2**63, (3000, 2), dtype=np.uint64)
    facts["sha256"] = [np.void(number.to_bytes(32, "big")) for number in range(3000)]
    for other, one, bits in ((2000, 7, 0b111), (2001, 8, 0b1111)):
        facts["gradients"][other] = facts["gradients"][one] ^ np.uint64([bits, 0b111 << 40])
    images = _Images(facts, np.repeat([0, 1], 1500), np.zeros(3000, int), [""] * 3000)
    assert _find_near(images, np.arange(3000)) == [(7, 2000)]

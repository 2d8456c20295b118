"""What the checks find is looked for once a data set."""

from pathlib import Path

import pytest
from PIL import Image

from hhexp.config.schema import Data
from hhexp.data import find_doubts, load
from hhexp.data import findings as module
from hhexp.data.checks import check_images
from hhexp.data.folders import folder


@pytest.fixture
def black(images: Path) -> Path:
    """The images, of which one is black."""
    Image.new("RGB", (32, 32)).save(images / "train/cats/black.png")
    return images


def sized(side: int) -> Data:
    return Data(name="mine", reader="folder", image_size=side, views={})


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    made: list[object] = []

    def check(*arguments: object) -> object:
        made.append(arguments)
        return check_images(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "check_images", check)
    return made


def test_the_same_data_set_is_checked_once(black: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_checks(monkeypatch)
    dataset = load("mine", folder(root=str(black)), 16)
    first = find_doubts(dataset, sized(16))
    assert first == check_images(dataset, 16)
    assert any("one colour" in finding.text for finding in first)
    assert find_doubts(load("another name", folder(root=str(black)), 16), sized(16)) == first
    assert len(made) == 1


def test_another_content_or_size_is_checked_anew(
    black: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_checks(monkeypatch)
    find_doubts(load("mine", folder(root=str(black)), 16), sized(16))
    find_doubts(load("mine", folder(root=str(black)), 24), sized(24))
    (black / "train/cats/black.png").unlink()
    find_doubts(load("mine", folder(root=str(black)), 24), sized(24))
    assert len(made) == 3


def test_what_is_damaged_in_the_cache_is_found_anew(black: Path, cache: Path) -> None:
    dataset = load("mine", folder(root=str(black)), 16)
    first = find_doubts(dataset, sized(16))
    (file,) = (cache / "checks").iterdir()
    file.write_text("[{]")
    assert find_doubts(dataset, sized(16)) == first
    file.write_text('[{"text": 5}]')
    assert find_doubts(dataset, sized(16)) == first

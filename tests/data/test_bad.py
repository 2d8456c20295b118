"""Files that cannot be used are named all at once, or left out where that is asked for."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hhexp.config.schema import Data
from hhexp.data import Dataset, open_dataset
from hhexp.errors import UserError


def loaded(root: Path, **options: bool) -> Dataset:
    keys: dict[str, Any] = {"root": str(root), **options}
    return open_dataset(Data(name="mine", reader="folder", image_size=16, views={}, **keys))


def spoil(images: Path) -> None:
    """Make three files bad: no image, cut short, in PostScript."""
    (images / "train/cats/cats0.png").write_text("no image")
    whole = (images / "train/dogs/dogs1.png").read_bytes()
    (images / "train/dogs/dogs1.png").write_bytes(whole[:300])
    (images / "validation/cats/cats1.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n"
    )


def test_all_bad_files_are_named_at_once(images: Path) -> None:
    spoil(images)
    for _ in range(2):
        with pytest.raises(UserError) as caught:
            loaded(images)
        said = str(caught.value)
        assert said.startswith("data mine: 3 files cannot be used: train/cats/cats0.png: not an im")
        assert "; train/dogs/dogs1.png: a damaged image" in said
        assert "; validation/cats/cats1.png: EPS is not supported" in said
        assert said.endswith("(data.skip_bad=true leaves them out)")


def test_of_many_bad_files_the_first_are_named(images: Path) -> None:
    for number in range(30):
        (images / f"train/cats/bad{number:02}.png").write_text("no image")
    with pytest.raises(UserError, match="30 files cannot be used") as caught:
        loaded(images)
    assert str(caught.value).count("not an image") == 10 and "; and 20 more" in str(caught.value)


def test_bad_files_are_left_out_where_asked_as_if_they_were_not_there(images: Path) -> None:
    spoil(images)
    skipping = loaded(images, skip_bad=True)
    assert len(skipping.skipped) == 3
    assert skipping.skipped[0] == "train/cats/cats0.png: not an image that Pillow can read"
    for name in ("train/cats/cats0.png", "train/dogs/dogs1.png", "validation/cats/cats1.png"):
        (images / name).unlink()
    without = loaded(images)
    assert skipping.fingerprint == without.fingerprint
    assert skipping.train.paths == without.train.paths and len(without.train.paths) == 4
    assert np.array_equal(skipping.train.images, without.train.images)
    assert without.skipped == ()


def test_what_is_known_to_be_bad_is_not_decoded_again(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(images)
    first = loaded(images, skip_bad=True)
    monkeypatch.setattr("hhexp.data.decoded.read_picture", lambda *_: pytest.fail("decoded again"))
    assert loaded(images, skip_bad=True).skipped == first.skipped


def test_a_limit_that_is_raised_makes_a_large_image_good(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_MAX_MEGAPIXELS", "0")
    with pytest.raises(UserError, match=r"10 files cannot be used: .*HHEXP_MAX_MEGAPIXELS"):
        loaded(images)
    monkeypatch.delenv("HHEXP_MAX_MEGAPIXELS")
    assert len(loaded(images).train.paths) == 6


def test_a_class_of_bad_files_alone_is_still_missed(images: Path) -> None:
    for file in (images / "validation/cats").iterdir():
        file.write_text("no image")
    with pytest.raises(UserError, match="train has the class 'cats', but validation does not"):
        loaded(images, skip_bad=True)


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_bad_too(images: Path) -> None:
    (images / "train/cats/cats0.png").chmod(0)
    with pytest.raises(UserError, match=r"cats0\.png: cannot be read.*skip_bad"):
        loaded(images)
    assert len(loaded(images, skip_bad=True).skipped) == 1


def test_a_pipe_and_a_link_to_nothing_are_bad_files_too(images: Path) -> None:
    os.mkfifo(images / "train/cats/pipe.png")
    (images / "train/cats/link.png").symlink_to("nowhere.png")
    with pytest.raises(
        UserError, match=r"2 files cannot be used: .*link\.png: cannot be read: .*pipe\.png: not"
    ):
        loaded(images)
    assert len(loaded(images, skip_bad=True).skipped) == 2

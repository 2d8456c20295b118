import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hhexp.data.folders import find_images, folder
from hhexp.errors import UserError


def test_class_folders_become_labels_and_paths_sorted(images: Path) -> None:
    files = folder(root=str(images))
    assert [(file.path, file.label) for file in files["validation"]] == [
        ("validation/cats/cats0.png", "cats"),
        ("validation/cats/cats1.png", "cats"),
        ("validation/dogs/dogs0.png", "dogs"),
        ("validation/dogs/dogs1.png", "dogs"),
    ]
    assert len(files["train"]) == 6
    assert files["train"][0].read() == (images / "train/cats/cats0.png").read_bytes()


def test_a_zip_file_reads_like_the_folder_that_it_was_made_of(images: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "images"), "zip", images)
    with zipfile.ZipFile(archive) as zipped:
        in_zip = find_images(zipfile.Path(zipped), "images.zip")
        in_folder = find_images(images, str(images))
        for split in ("train", "validation"):
            assert [(file.path, file.label, file.read()) for file in in_zip[split]] == [
                (file.path, file.label, file.read()) for file in in_folder[split]
            ]


def test_hidden_files_and_what_lies_beside_the_splits_are_passed_over(images: Path) -> None:
    before = [file.path for file in folder(root=str(images))["train"]]
    for hidden in (".DS_Store", "train/.DS_Store", "train/cats/.DS_Store", "README.md"):
        (images / hidden).write_text("no image")
    (images / "train/.hidden").mkdir()
    (images / "others").mkdir()
    assert [file.path for file in folder(root=str(images))["train"]] == before


def test_home_is_expanded(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(images.parent))
    monkeypatch.setenv("USERPROFILE", str(images.parent))
    assert len(folder(root="~/images")["train"]) == 6


def test_a_missing_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.root=.*nowhere: no such folder"):
        folder(root=str(tmp_path / "nowhere"))


def test_a_missing_train_folder_is_named(images: Path) -> None:
    shutil.rmtree(images / "train")
    with pytest.raises(UserError, match="images: no folder train/ in it"):
        folder(root=str(images))


def test_a_test_split_is_read_where_there_is_one(images: Path) -> None:
    shutil.copytree(images / "validation", images / "test")
    files = folder(root=str(images))
    assert [file.path for file in files["test"]][:2] == [
        "test/cats/cats0.png",
        "test/cats/cats1.png",
    ]
    assert set(files) == {"train", "validation", "test"}


def test_class_folders_alone_are_all_for_training_until_splits_are_cut(images: Path) -> None:
    files = folder(root=str(images / "train"))
    assert set(files) == {"train"}
    assert [file.path for file in files["train"]][:1] == ["train/cats/cats0.png"]
    assert {file.label for file in files["train"]} == {"cats", "dogs"}


@pytest.mark.parametrize("stray", [None, "notes.txt"])
def test_a_folder_of_anything_else_is_told_what_it_must_contain(
    tmp_path: Path, stray: str | None
) -> None:
    if stray:
        (tmp_path / stray).touch()
    with pytest.raises(UserError, match="no folder train/ in it: it must contain train/ and valid"):
        folder(root=str(tmp_path))


def test_a_split_without_class_folders_is_named(images: Path) -> None:
    shutil.rmtree(images / "validation/cats")
    shutil.rmtree(images / "validation/dogs")
    with pytest.raises(UserError, match="images/validation: empty"):
        folder(root=str(images))


def test_an_empty_class_folder_is_named(images: Path) -> None:
    (images / "train/birds").mkdir()
    (images / "train/birds/.DS_Store").write_text("")
    with pytest.raises(UserError, match="images/train/birds: no images in this class folder"):
        folder(root=str(images))


def test_a_stray_file_beside_the_class_folders_is_named(images: Path) -> None:
    (images / "train/labels.csv").write_text("")
    with pytest.raises(UserError, match=r"images/train/labels\.csv: not a folder"):
        folder(root=str(images))


def test_a_folder_inside_a_class_folder_is_a_group(images: Path, draw: Callable[..., Path]) -> None:
    draw(images / "train/cats/tom/a.png")
    (file,) = [file for file in folder(root=str(images))["train"] if file.group]
    assert (file.path, file.label, file.group) == ("train/cats/tom/a.png", "cats", "tom")


def test_a_folder_that_is_deeper_still_is_named(images: Path) -> None:
    (images / "train/cats/tom/more").mkdir(parents=True)
    with pytest.raises(UserError, match="images/train/cats/tom/more: a folder too deep"):
        folder(root=str(images))


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_a_name_that_is_no_utf_8_is_named(images: Path) -> None:
    (images / "train/cats" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    with pytest.raises(UserError, match=r"images/train/cats/'caf\\udce9\.png'"):
        folder(root=str(images))


def test_a_folder_left_by_macos_is_named(images: Path) -> None:
    (images / "train/__MACOSX").mkdir()
    with pytest.raises(UserError, match="__MACOSX: left by macOS: delete it"):
        folder(root=str(images))


def test_a_hidden_class_folder_is_named_where_a_class_is_missing(images: Path) -> None:
    (images / "train/dogs").rename(images / "train/..dogs")
    with pytest.raises(UserError, match=r"train: only cats; passed over: \.\.dogs \(hidden\)"):
        folder(root=str(images))


@pytest.mark.parametrize("root", ["", " "])
def test_an_empty_root_is_named(root: str) -> None:
    with pytest.raises(UserError, match=r"data\.root is empty: name the folder"):
        folder(root=root)


def test_nobody_s_home_is_no_folder() -> None:
    with pytest.raises(UserError, match="no such folder"):
        folder(root="~nobody-of-this-name/images")

"""The command that looks at images before any training."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from hhexp.inspect import main


@pytest.fixture
def root(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HHEXP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(pictures, tmp_path / "my pictures, 'odd'"))


def test_splits_sizes_and_findings_are_shown_and_some_images_drawn(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(root / "train/suns/suns03.png") as image:
        image.save(root / "validation/moons/wrong.png")
    (root / "train/suns/notes.txt").write_text("no image")
    assert main([str(root), "--output", "sheet.png"]) == 1
    said = capsys.readouterr().out
    assert "moons" in said and "validation" in said and "All pictures have 32×32 pixels" in said
    assert "bad files (1):\n  train/suns/notes.txt: not an image" in said
    assert "train/suns/suns03.png = validation/moons/wrong.png" in said
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 8 * 100


def test_pictures_are_too_small_only_for_a_size_that_was_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(root)]) == 0
    assert "The checks find nothing." in capsys.readouterr().out
    assert main([str(root), "data.image_size=96"]) == 1
    assert "pictures far smaller than 96 pixels (" in capsys.readouterr().out


def test_a_file_whose_name_has_two_lines_is_listed_in_one(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "train/suns/a\nThe checks find nothing.png").write_text("no image")
    assert main([str(root)]) == 1
    assert "  train/suns/a\\nThe checks find nothing.png: not an im" in capsys.readouterr().out


def test_a_folder_of_classes_is_shown_as_it_would_be_cut(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(root / "train"), "data.validation_share=0.2", "data.test_share=0.3"]
    main(words)
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if "all" in line)
    assert [word for word in row.split() if word.isdigit()] == ["10", "4", "6"]


def test_a_folder_without_validation_images_is_shown_all_the_same(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(root / "train")])
    said = capsys.readouterr().out
    assert said.startswith("No validation images: shown as cut by data.validation_share=0.2.")
    row = next(line for line in said.splitlines() if "all" in line)
    assert [word for word in row.split() if word.isdigit()] == ["16", "4"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "data.root=nowhere: no such folder"),
        (["data.rot=x"], "data.rot: no such key"),
        (["data=folder"], "data.root: required but not set"),
        (["--output", "sheet.txt"], "must end with .png"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], said: str, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert said in capfd.readouterr().err

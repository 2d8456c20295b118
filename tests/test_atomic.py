"""Files are there as a whole or not at all."""

import os
from pathlib import Path

import pytest

from hhexp.atomic import create_file, replace_file


@pytest.mark.parametrize("write", [replace_file, create_file])
def test_a_file_is_there_at_the_end_alone(write, tmp_path: Path) -> None:
    target = tmp_path / "figure.svg"
    with write(target) as unfinished:
        unfinished.write_text("whole")
        assert unfinished.suffix == ".svg"
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_a_former_file_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("former")
    with replace_file(target) as unfinished:
        unfinished.write_text("new")
        assert target.read_text() == "former"
    assert target.read_text() == "new"


def test_what_another_process_has_created_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.db"
    with create_file(target) as unfinished:
        unfinished.write_text("mine")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_is_created_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with create_file(tmp_path / "a.db") as unfinished:
        unfinished.write_text("mine")
    assert (tmp_path / "a.db").read_text() == "mine"


@pytest.mark.parametrize("write", [replace_file, create_file])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_everything_as_it_was(
    write, error: type[BaseException], tmp_path: Path
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("former")

    def fail() -> None:
        with write(target) as unfinished:
            unfinished.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_text() == "former"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_can_be_written_as_well(tmp_path: Path) -> None:
    with replace_file(tmp_path / "folder") as unfinished:
        unfinished.mkdir()
        (unfinished / "a.txt").write_text("whole")
    assert (tmp_path / "folder/a.txt").read_text() == "whole"


def test_a_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with replace_file(tmp_path / "a.txt") as unfinished:
        unfinished.touch()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("write", [replace_file, create_file])
def test_what_cannot_be_written_is_named_as_it_was_given(write, tmp_path: Path) -> None:
    lost, folder = tmp_path / "lost" / "a.txt", tmp_path / "folder"
    (folder / "full").mkdir(parents=True)
    with pytest.raises(FileNotFoundError) as missing, write(lost):
        pass
    assert (missing.value.filename, missing.value.filename2) == (str(lost), None)
    if write is replace_file:
        with pytest.raises(IsADirectoryError) as taken, write(folder) as unfinished:
            unfinished.write_text("x")
        assert (taken.value.filename, taken.value.filename2) == (str(folder), None)

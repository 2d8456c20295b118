"""A folder is known to be as it was made, and is read for that as seldom as can be."""

import os
import time
from pathlib import Path

import pytest

from hhexp.data import checksums
from hhexp.data.checksums import CHUNK, NOTE, TRUSTED_S, find_change, seal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed folder, which this process does not know yet."""
    made = tmp_path / "made"
    (made / "deep").mkdir(parents=True)
    (made / "large").write_bytes(bytes(2 * CHUNK + 5))
    (made / "deep/small").write_text("a")
    (made / "empty").touch()
    (made / "link").symlink_to(tmp_path)
    seal(made)
    monkeypatch.setattr(checksums, "_noted", {})
    return made


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []
    hash_file = checksums._hash

    def note(file: Path, *rest: object) -> str:
        names.append(file.name)
        return hash_file(file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(checksums, "_hash", note)
    return names


def change(file: Path, at: int) -> None:
    """Change one byte of a file."""
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(b"x")


@pytest.mark.parametrize("at", [0, CHUNK, 2 * CHUNK + 4])
def test_a_changed_byte_is_found_wherever_it_is(folder: Path, at: int) -> None:
    change(folder / "large", at)
    assert find_change(folder) == "large has changed since it was made"


def test_it_is_found_although_the_time_of_writing_was_put_back(folder: Path) -> None:
    before = (folder / "deep/small").stat()
    change(folder / "deep/small", 0)
    os.utime(folder / "deep/small", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert find_change(folder) == "deep/small has changed since it was made"


def test_a_file_that_is_gone_is_found_and_a_new_one_does_not_count(folder: Path) -> None:
    (folder / "new").touch()
    assert find_change(folder) is None
    (folder / "empty").unlink()
    assert find_change(folder) == f"{folder}/empty: No such file or directory"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"large": 1}'])
def test_without_checksums_nothing_is_known(folder: Path, text: str) -> None:
    (folder / checksums.MARK).write_text(text)
    assert find_change(folder) == "its checksums are missing"


def test_what_was_just_made_or_checked_is_not_read_again(folder: Path, hashed: list[str]) -> None:
    assert find_change(folder) is None
    assert hashed == []


@pytest.mark.parametrize("text", [None, "", "{}", '[1, {"large": [1]}]'])
def test_without_a_note_the_files_are_read_once(
    folder: Path, hashed: list[str], text: str | None
) -> None:
    (folder / NOTE).unlink() if text is None else (folder / NOTE).write_text(text)
    assert find_change(folder) is None
    assert sorted(hashed) == ["empty", "large", "small"]
    checksums._noted.clear()  # as in another process
    assert find_change(folder) is None
    assert len(hashed) == 3


def test_where_no_note_can_be_written_each_process_reads_once(
    folder: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(checksums, "replace_file", refuse)
    (folder / NOTE).unlink()
    assert [find_change(folder), find_change(folder)] == [None, None]
    assert len(hashed) == 3


def test_a_touched_file_and_an_old_check_are_looked_at_again(
    folder: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(folder / "large")
    assert find_change(folder) is None
    assert len(hashed) == 3
    later = time.time() + TRUSTED_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert find_change(folder) is None
    assert len(hashed) == 6

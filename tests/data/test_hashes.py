"""A file is read once to be hashed, and again only if it may have changed."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from hhexp.data import ImageFile
from hhexp.data.folders import folder
from hhexp.data.hashes import find_hashes, keep_hashes, mark_file
from hhexp.data.manifest import make_manifest


@pytest.fixture
def old(images: Path) -> Path:
    """Images that were not changed just now."""
    for file in images.rglob("*.png"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    return images


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that are read."""
    paths: list[str] = []

    def noted(image: ImageFile) -> bytes:
        paths.append(image.path)
        return image.read()

    monkeypatch.setattr("hhexp.data.manifest.read_file", noted)
    return paths


def test_files_that_have_not_changed_are_not_read_again(old: Path, read: list[str]) -> None:
    first = make_manifest(folder(root=str(old)))
    assert len(read) == 10
    assert make_manifest(folder(root=str(old))) == first
    assert len(read) == 10


def test_a_file_is_read_again_if_its_size_time_or_inode_changes(old: Path, read: list[str]) -> None:
    make_manifest(folder(root=str(old)))
    read.clear()
    cats = old / "train/cats"
    (cats / "cats0.png").write_bytes(b"another size")
    os.utime(cats / "cats0.png", (1_000_000_000, 1_000_000_000))
    os.utime(cats / "cats1.png", (1_000_000_001, 1_000_000_001))
    content = (cats / "cats2.png").read_bytes()
    (cats / "new").write_bytes(content[:-1] + b"?")
    os.utime(cats / "new", (1_000_000_000, 1_000_000_000))
    os.replace(cats / "new", cats / "cats2.png")
    entries = {entry.path: entry.sha256 for entry in make_manifest(folder(root=str(old)))}
    assert sorted(read) == [f"train/cats/cats{number}.png" for number in range(3)]
    for file in old.rglob("*.png"):
        path = file.relative_to(old).as_posix()
        assert entries[path] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_verify_reads_everything(old: Path, read: list[str]) -> None:
    make_manifest(folder(root=str(old)))
    make_manifest(folder(root=str(old)), verify=True)
    assert len(read) == 20


def test_a_file_that_was_changed_just_now_may_change_again_unseen(tmp_path: Path) -> None:
    fresh, settled = tmp_path / "fresh", tmp_path / "settled"
    for file in (fresh, settled):
        file.write_text("x")
    os.utime(settled, (time.time() - 60,) * 2)
    marks = {file: mark_file(file) for file in (fresh, settled)}
    keep_hashes(dict.fromkeys(marks, "ab" * 32), marks)
    assert find_hashes(marks) == {settled: "ab" * 32}


def test_a_damaged_cache_of_hashes_is_none(old: Path, read: list[str], cache: Path) -> None:
    first = make_manifest(folder(root=str(old)))
    (cache / "hashes.db").write_text("damaged")
    assert make_manifest(folder(root=str(old))) == first
    assert len(read) == 20


def test_names_that_are_no_utf_8_have_hashes_too(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"\xff.png")
    file.write_text("x")
    os.utime(file, (1, 1))
    marks = {file: mark_file(file)}
    keep_hashes({file: "cd" * 32}, marks)
    assert find_hashes(marks) == {file: "cd" * 32}

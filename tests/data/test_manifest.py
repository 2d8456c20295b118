import hashlib
from pathlib import Path

import pytest

from hhexp.data import FileEntry, ImageFile
from hhexp.data.folders import folder
from hhexp.data.manifest import compute_fingerprint, make_manifest, read_file
from hhexp.errors import UserError


def test_the_manifest_lists_every_file_with_its_size_and_hash_sorted_by_path(images: Path) -> None:
    entries = make_manifest(folder(root=str(images)))
    assert [entry.path for entry in entries] == sorted(
        file.relative_to(images).as_posix() for file in images.rglob("*.png")
    )
    content = (images / "train/cats/cats0.png").read_bytes()
    assert entries[0] == FileEntry(
        "train/cats/cats0.png", len(content), hashlib.sha256(content).hexdigest()
    )


def test_the_fingerprint_is_that_of_sha256sum_sorted() -> None:
    entries = [FileEntry("b.png", 1, "1" * 64), FileEntry("a.png", 1, "2" * 64)]
    text = f"{'1' * 64}  b.png\n{'2' * 64}  a.png\n"
    assert compute_fingerprint(entries) == hashlib.sha256(text.encode()).hexdigest()
    assert compute_fingerprint(reversed(entries)) == compute_fingerprint(entries)


def test_another_content_name_or_class_gives_another_fingerprint(images: Path) -> None:
    marks = {compute_fingerprint(make_manifest(folder(root=str(images))))}
    file = images / "train/cats/cats0.png"
    file.write_bytes(file.read_bytes() + b"\0")
    marks.add(compute_fingerprint(make_manifest(folder(root=str(images)))))
    file = file.rename(file.with_name("cats9.png"))
    marks.add(compute_fingerprint(make_manifest(folder(root=str(images)))))
    file.rename(images / "train/dogs/cats9.png")
    marks.add(compute_fingerprint(make_manifest(folder(root=str(images)))))
    assert len(marks) == 4


def test_a_file_that_cannot_be_read_is_named() -> None:
    def gone() -> bytes:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(UserError, match=r"train/cats/a\.png: cannot be read: .*Permission denied"):
        read_file(ImageFile("train/cats/a.png", "cats", gone))

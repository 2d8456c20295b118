"""Checksums of a folder's files: whether they are as they were when the folder was made.

The checksums lie in the folder itself. Reading gigabytes in each of a sweep's processes would take
long, so a check is noted beside them, with each file's size, inode and times of change, and serves
all processes for a day while these agree. What that misses: bytes that rot on the disk, where no
file system tells, within a day of the last check; and bytes that change after a process has mapped
them into its memory.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import TypeAdapter

from hhexp.atomic import replace_file

MARK = ".hhexp"
"""The file of the checksums, in each folder that hhexp has made: no other is ever deleted."""
NOTE = ".hhexp-checked"
"""The file that notes a check."""
TRUSTED_S = 24 * 3600
"""How long a check is trusted, in seconds."""
CHUNK = 16 * 2**20
"""Bytes that are hashed at once: the chunks of a large file go to all cores."""

Stamps = dict[str, tuple[int, ...]]
"""Of each file: size, inode, and the times of its last writing and change in nanoseconds."""
TEXTS = TypeAdapter(dict[str, str])
NOTED = TypeAdapter(tuple[float, Stamps])

_noted: dict[Path, tuple[float, Stamps]] = {}
"""This process's own checks, which serve it also where the folder may only be read."""


def seal(folder: Path) -> None:
    """Keep the checksums of all files of a folder that is complete.

    Raises:
        OSError: a file cannot be read, or the folder not be written.
    """
    stamps = _stamp(folder, _list_files(folder))
    with ThreadPoolExecutor() as pool:
        sums = {name: _hash(folder / name, pool) for name in stamps}
    (folder / MARK).write_text(json.dumps(sums), "utf-8")
    _note(folder, stamps)


def find_change(folder: Path) -> str | None:
    """What is not as it was when a folder was sealed, in words; None where all is.

    Files that came later do not count.
    """
    try:
        sums = TEXTS.validate_json((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return "its checksums are missing"
    try:
        stamps = _stamp(folder, sums)
        if _is_noted(folder, stamps):
            return None
        with ThreadPoolExecutor() as pool:
            for name, expected in sums.items():
                if _hash(folder / name, pool) != expected:
                    return f"{name} has changed since it was made"
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    _note(folder, stamps)
    return None


def _list_files(folder: Path) -> Iterator[str]:
    """The files under a folder, relative to it; what a link leads to is not the folder's."""
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent) / name
            if file.is_file() and not file.is_symlink():
                yield file.relative_to(folder).as_posix()


def _hash(file: Path, pool: ThreadPoolExecutor) -> str:
    """The SHA-256 (hex) of the SHA-256 of each chunk of a file."""
    size = file.stat().st_size

    def hash_chunk(start: int) -> bytes:
        with file.open("rb") as opened:
            opened.seek(start)
            return hashlib.sha256(opened.read(CHUNK)).digest()

    return hashlib.sha256(b"".join(pool.map(hash_chunk, range(0, size, CHUNK)))).hexdigest()


def _stamp(folder: Path, names: Iterable[str]) -> Stamps:
    found = {name: (folder / name).stat() for name in names}
    return {
        name: (stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)
        for name, stat in found.items()
    }


def _is_noted(folder: Path, stamps: Stamps) -> bool:
    known = [_noted[folder]] if folder in _noted else []
    with contextlib.suppress(OSError, ValueError):
        known.append(NOTED.validate_json((folder / NOTE).read_bytes()))
    now = time.time()
    return any(stamps == then and 0 <= now - when < TRUSTED_S for when, then in known)


def _note(folder: Path, stamps: Stamps) -> None:
    _noted[folder] = time.time(), stamps
    # In a cache that may only be read, each process checks for itself.
    with contextlib.suppress(OSError), replace_file(folder / NOTE) as file:
        file.write_text(json.dumps(_noted[folder]), "utf-8")

"""The SHA-256 of files that were read before, kept in the cache.

A file is taken to be the same while its path, size, time of change and inode are.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hhexp.data.cache import cache_folder

FRESH_S = 2
"""A file that was changed so short a time ago may change again without another time of change."""
PATIENCE_S = 60
"""How long to wait for another process that writes."""

Mark = tuple[int, int, int]
"""A file's size in bytes, time of change in ns, and inode."""


def mark_file(file: Path) -> Mark:
    """What tells that a file is still the same.

    Raises:
        OSError: it cannot be looked at.
    """
    found = os.stat(file)
    return found.st_size, found.st_mtime_ns, found.st_ino


def find_hashes(marks: Mapping[Path, Mark]) -> dict[Path, str]:
    """The known SHA-256 (hex) of these files, as far as they are still the same.

    A cache that cannot be read knows none.
    """
    found = {}
    with contextlib.suppress(sqlite3.Error), _open() as cache:
        for part in _split(list(marks), 500):
            names = {os.path.abspath(file): file for file in part}
            places = ",".join("?" * len(names))
            rows = cache.execute(
                f"SELECT path, size, time, inode, sha256 FROM hashes WHERE path IN ({places})",
                [os.fsencode(name) for name in names],
            )
            for path, *mark, sha256 in rows:
                file = names[os.fsdecode(path)]
                if tuple(mark) == marks[file]:
                    found[file] = sha256
    return found


def keep_hashes(hashes: Mapping[Path, str], marks: Mapping[Path, Mark]) -> None:
    """Keep the SHA-256 (hex) of files, with the marks that they had before they were read.

    A cache that cannot be written keeps none.
    """
    settled = time.time_ns() - FRESH_S * 10**9
    rows = [
        (os.fsencode(os.path.abspath(file)), *marks[file], sha256)
        for file, sha256 in hashes.items()
        if marks[file][1] < settled
    ]
    if rows:
        with contextlib.suppress(sqlite3.Error, OSError), _open() as cache:
            cache.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?)", rows)


@contextlib.contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    """The database, made where it is missing; what is written in the block is kept at its end."""
    folder = cache_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    cache = sqlite3.connect(folder / "hashes.db", timeout=PATIENCE_S)
    try:
        with cache:
            cache.execute(
                "CREATE TABLE IF NOT EXISTS hashes "
                "(path BLOB PRIMARY KEY, size INTEGER, time INTEGER, inode INTEGER, sha256 TEXT)"
                " WITHOUT ROWID"
            )
            yield cache
    finally:
        cache.close()


def _split(files: Sequence[Path], size: int) -> Iterator[Sequence[Path]]:
    return (files[start : start + size] for start in range(0, len(files), size))

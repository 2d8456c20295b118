"""Folders of the cache that are being built, and what killed processes have left of them."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hhexp.data.checksums import MARK

PREFIX = "unfinished-"
ABANDONED_S = 24 * 3600
"""An unfinished folder of this age, in seconds, that no process builds."""


@contextlib.contextmanager
def open_unfinished(folder: Path, *, resumes: bool) -> Iterator[Path]:
    """Where a folder of the cache is built, next to its place.

    It is empty, or holds what a process has left that was killed or interrupted. After an error
    nothing is left: the disk may be full.

    Args:
        folder: the place.
        resumes: whether what is left is of use.

    Raises:
        OSError: the cache cannot be written.
    """
    with contextlib.ExitStack() as stack:
        unfinished = folder.with_name(f"{PREFIX}{folder.name}")
        if not resumes or not _take(unfinished, stack):  # another process builds the same
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PREFIX))
            _take(unfinished, stack)
        new = unfinished / "new"
        new.mkdir(exist_ok=True)
        os.utime(unfinished)
        try:
            yield new
        except BaseException as error:
            if not resumes or isinstance(error, Exception):
                shutil.rmtree(unfinished, ignore_errors=True)
            raise
        shutil.rmtree(unfinished, ignore_errors=True)


def drop_abandoned(parent: Path) -> None:
    """Delete what processes that were killed have left half-built for a day."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            old = folder.stat().st_mtime < time.time() - ABANDONED_S
            if old and (folder / MARK).is_file() and _take(folder, stack):
                shutil.rmtree(folder, ignore_errors=True)


def _take(unfinished: Path, stack: contextlib.ExitStack) -> bool:
    """Make an unfinished folder, or take one that no other process has, while the stack is open."""
    if unfinished.is_symlink():
        return False
    unfinished.mkdir(exist_ok=True)
    mark = unfinished / MARK
    if not mark.is_file() and any(unfinished.iterdir()):
        return False  # not hhexp's
    lock = stack.enter_context(mark.open("a"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The process that had it may have finished meanwhile, and deleted it.
        return os.path.samestat(os.fstat(lock.fileno()), mark.stat())
    except OSError:
        return False

"""The cache folder, and folders in it that are either complete or absent."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hhexp.errors import UserError

T = TypeVar("T")

MARK = ".hhexp"
"""A file in each folder that hhexp has made: no other is ever deleted."""
ABANDONED_S = 24 * 3600
"""An unfinished folder of this age, in seconds, was left by a process that was killed."""


def cache_folder() -> Path:
    """``$HHEXP_CACHE``, else hhexp's folder in the platform's user cache. It may not exist yet."""
    import platformdirs

    chosen = os.environ.get("HHEXP_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("hhexp")


def open_or_build(
    folder: Path, opened: Callable[[Path], T | None], build: Callable[[Path], None]
) -> T:
    """Open a folder of the cache; if it is missing or damaged, build it first.

    It is built under another name next to its place and moved there when it is complete, so
    neither a crash nor another process that builds the same leaves half of it.

    Args:
        folder: its place.
        opened: opens the folder; None where it is missing or damaged.
        build: fills an empty folder.

    Raises:
        UserError: the cache cannot be written, or something that is not hhexp's is in the place;
            and what ``build`` raises.
    """
    if (found := opened(folder)) is not None:
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _drop_abandoned(folder.parent)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            (Path(temporary) / MARK).touch()
            build(new)
            (new / MARK).touch()
            _move_in_place(new, folder, opened)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written: {error.strerror or error}: "
            "set HHEXP_CACHE to a writable folder with enough free space"
        ) from error
    if (found := opened(folder)) is None:
        raise UserError(f"{folder}: damaged right after it was written: try again")
    return found


def _move_in_place(new: Path, folder: Path, opened: Callable[[Path], T | None]) -> None:
    try:
        os.rename(new, folder)
    except OSError:
        # Something is there: what another process built meanwhile, or the damaged one.
        if opened(folder) is None:
            if not (folder / MARK).is_file():
                raise UserError(
                    f"{folder}: damaged, and maybe not made by hhexp: delete it or move it away"
                ) from None
            os.rename(folder, new.with_name("damaged"))
            os.rename(new, folder)


def _drop_abandoned(parent: Path) -> None:
    """Delete what processes that were killed have left half-built."""
    for folder in parent.glob("unfinished-*"):
        with contextlib.suppress(FileNotFoundError):  # another process was first
            old = folder.stat().st_mtime < time.time() - ABANDONED_S
            if old and (folder / MARK).is_file() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)

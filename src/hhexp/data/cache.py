"""The cache folder, and folders in it that are either whole, by their checksums, or built again."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hhexp.data.checksums import MARK, find_change, seal
from hhexp.data.unfinished import drop_abandoned, open_unfinished
from hhexp.errors import UserError
from hhexp.terminal import say

T = TypeVar("T")


def cache_folder() -> Path:
    """``$HHEXP_CACHE``, else hhexp's folder in the platform's user cache. It may not exist yet."""
    import platformdirs

    chosen = os.environ.get("HHEXP_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("hhexp")


def open_or_build(
    folder: Path,
    opened: Callable[[Path], T | None],
    build: Callable[[Path], None],
    *,
    resumes: bool = False,
) -> T:
    """Open a folder of the cache; if it is missing or damaged, build it first.

    It is built under another name next to its place and moved there when it is complete, so
    neither a crash nor another process that builds the same leaves half of it. One that is not as
    it was made, or was made by an earlier version and has no checksums, is built again, and said.

    Args:
        folder: its place.
        opened: opens the folder; None where it is missing or damaged.
        build: fills an empty folder.
        resumes: whether it also goes on with what a process has left that was killed meanwhile.

    Raises:
        UserError: the cache cannot be written, or something that is not hhexp's is in the place;
            and what ``build`` raises.
    """
    found, damage = _open_whole(folder, opened)
    if found is not None:
        return found
    if (folder / MARK).is_file():
        say(f"{folder}: {damage}: it is built again", sys.stderr)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        drop_abandoned(folder.parent)
        with open_unfinished(folder, resumes=resumes) as new:
            build(new)
            seal(new)
            _move_in_place(new, folder, opened)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written: {error.strerror or error}: "
            "set HHEXP_CACHE to a writable folder with enough free space"
        ) from error
    found, damage = _open_whole(folder, opened)
    if found is None:
        raise UserError(f"{folder}: {damage}, right after it was written: try again")
    return found


def _open_whole(folder: Path, opened: Callable[[Path], T | None]) -> tuple[T | None, str]:
    """What a folder gives, if it is as it was made; else None, and what is wrong with it."""
    found = opened(folder)
    if found is None:
        return None, "incomplete or damaged"
    change = find_change(folder)
    return (None, change) if change else (found, "")


def _move_in_place(new: Path, folder: Path, opened: Callable[[Path], T | None]) -> None:
    try:
        os.rename(new, folder)
    except OSError:
        # Something is there: what another process built meanwhile, or the damaged one.
        found, damage = _open_whole(folder, opened)
        if found is None:
            if not (folder / MARK).is_file():
                raise UserError(
                    f"{folder}: {damage}, and maybe not made by hhexp: delete it or move it away"
                ) from None
            os.rename(folder, new.with_name("damaged"))
            os.rename(new, folder)

"""Files that are either complete or absent: written next to their place, then moved there."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Give a path to write to; what is there at the end of the block takes the target's place.

    The path has the target's name and lies in a hidden folder beside it. Where the block raises,
    the target stays as it was. A folder can be written too, where the target is missing or empty.

    Raises:
        OSError: the target's folder cannot be written; it names the target.
    """
    with _folder_beside(target) as folder:
        yield folder / target.name
        _move(folder, target)


@contextlib.contextmanager
def create_file(target: Path) -> Iterator[Path]:
    """As ``replace_file``, but a target that another process has made meanwhile stays.

    Raises:
        OSError: the target's folder cannot be written; it names the target.
    """
    with _folder_beside(target) as folder:
        yield folder / target.name
        try:
            os.link(folder / target.name, target)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            _move(folder, target)


@contextlib.contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    with _naming(target):
        made = tempfile.TemporaryDirectory(
            prefix=".hhexp-", dir=target.parent, ignore_cleanup_errors=True
        )
    with made as folder:
        yield Path(folder)


def _move(folder: Path, target: Path) -> None:
    with _naming(target):
        os.replace(folder / target.name, target)


@contextlib.contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Errors name the target, and not a hidden folder that nobody knows."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error

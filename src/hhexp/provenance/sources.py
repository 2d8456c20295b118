"""The source files that a run's numbers come from: the package's, and the person's own."""

import functools
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

PACKAGE = "hhexp"


def find_sources(modules: Sequence[str]) -> dict[str, dict[str, Path]]:
    """The Python files of hhexp and of each module that the person named, imported already.

    Of a package it is all files, whichever of its modules was named.

    Returns:
        for each top-level module its files, by names such as ``hhexp/data/order.py``.
    """
    tops = dict.fromkeys([PACKAGE, *(name.partition(".")[0] for name in modules)])
    found = {}
    for top in tops:
        origin = getattr(sys.modules.get(top), "__file__", None)
        if origin is not None:
            start = Path(origin).resolve()
            files = start.parent.rglob("*.py") if start.name == "__init__.py" else [start]
            root = start.parent.parent if start.name == "__init__.py" else start.parent
            found[top] = {file.relative_to(root).as_posix(): file for file in sorted(files)}
    return found


@functools.cache
def hash_sources(modules: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The SHA-256 (hex) of each source file, by top-level module and name.

    As they are when a process first asks: what it has imported stays, whatever is edited later.
    """
    return {
        top: {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in named.items()}
        for top, named in find_sources(modules).items()
    }


def list_own_sources(modules: Sequence[str]) -> dict[str, str]:
    """For each top-level module of the person's own, all its hashes as one text."""
    return {
        top: "".join(f"{sha256}  {name}\n" for name, sha256 in named.items())
        for top, named in hash_sources(tuple(modules)).items()
        if top != PACKAGE
    }

"""The source files that a run's numbers come from: the package's, and the person's own."""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGE = "hhexp"


def source_files(modules: Sequence[str]) -> dict[str, dict[str, Path]]:
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


def hashes(files: Mapping[str, Mapping[str, Path]]) -> dict[str, str]:
    """The SHA-256 (hex) of each source file, by name."""
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for named in files.values()
        for name, file in named.items()
    }

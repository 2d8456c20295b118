"""``--json``: a command's results as one JSON document on the standard output, and nothing else.

What a person would read goes to the standard error meanwhile. Numbers have all their digits. JSON
has no NaN and no infinity: they are null, as is what is missing.
"""

import contextlib
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np


@contextlib.contextmanager
def print_document(wanted: bool) -> Iterator[dict[str, Any]]:
    """Print what is put into the mapping meanwhile, if that is wanted.

    Where the body raises, the standard output stays empty: the error is a line on stderr.
    """
    document: dict[str, Any] = {}
    if not wanted:
        yield document
        return
    with _send_stdout_to_stderr():
        yield document
    print(json.dumps(make_plain(document), indent=2, allow_nan=False), flush=True)


@contextlib.contextmanager
def _send_stdout_to_stderr() -> Iterator[None]:
    """The file descriptor too, which the processes that are started write to."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 1)
        os.close(kept)


def make_plain(value: Any) -> Any:
    """A value as what JSON has: mappings with texts for keys, lists, texts, numbers, null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): make_plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return make_plain(value.tolist())
    if isinstance(value, list | tuple):
        return [make_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value

"""``UserError``: an error that the user can fix; and any exception as one line."""

import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLACED_LENGTH = 300
"""Letters that ``locate`` repeats of an exception."""


class UserError(Exception):
    """Bad input or a missing precondition; the message is one line: what, where and what to do.

    Entry points print the message without a traceback and exit with status 2
    (``HHEXP_DEBUG=1`` shows the traceback).
    """


def is_interruption(error: BaseException | None) -> bool:
    """Whether it is Ctrl-C, or came of it: code that Ctrl-C stops and that then closes what it had
    not opened yet fails by that, as Hydra's reading of a file."""
    seen: set[int] = set()  # causes may go round in a ring
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def one_line(error: BaseException) -> str:
    """An exception as one line, for tags and tables."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    # SQLAlchemy repeats the statement, its values and an address.
    text = " ".join(str(error).partition("[SQL:")[0].split())
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


def locate(error: BaseException, function: Callable[..., Any]) -> str:
    """An exception in a function of the person's own, as one line with the last place in its file.

    Without a place where the exception comes from the call itself, such as a wrong signature.
    """
    said = textwrap.shorten(one_line(error), PLACED_LENGTH, placeholder=" …")
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return f"{said} ({Path(str(file)).name}, line {lines[-1]})" if lines else said

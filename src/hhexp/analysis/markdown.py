"""Texts in Markdown, as GitHub reads it: what other people wrote is shown as it is.

https://github.github.com/gfm/ says what has a meaning in it.
"""

import re
from typing import Any

from hhexp.escape import escape

MEANINGS = (
    (r"[\\`*~|]", r"\\\g<0>"),
    (r"(?<![^\W_])_|_(?![^\W_])", r"\\_"),  # one within a word has none
    (r"&(?=#?\w+;)", "&amp;"),
    ("<", "&lt;"),
    (r"\](?=[(\[:])", r"\\]"),
    (r"^(#{1,6}|[-+]|-{3,}|=+)(?=\s|$)|^>", r"\\\g<0>"),
    (r"^(\d+)(?=[.)](\s|$))", r"\1\\"),
)
"""What has a meaning within a line or at its start, and how it is written to have none."""


class Markdown(str):
    """A text in which Markdown has its meaning."""


def show(value: Any) -> Any:
    """A value as one line of Markdown; what is ``Markdown`` already stays."""
    if not isinstance(value, str) or isinstance(value, Markdown):
        return value
    line = str(as_line(value))
    for pattern, written in MEANINGS:
        line = re.sub(pattern, written, line)
    return Markdown(line)


def show_code(text: str) -> Markdown:
    """A text as code within a line, which may be in a table."""
    line = as_line(text).replace("|", r"\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return Markdown(f"{fence}{space}{line}{space}{fence}")


def as_line(text: str) -> Markdown:
    """A text as one line, for a block of code, in which nothing has a meaning."""
    return Markdown(escape(" ".join(text.splitlines())).replace("\t", " "))

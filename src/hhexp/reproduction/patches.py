"""The uncommitted changes of two runs, and how they differ, as a person reads them."""

import difflib
import re
from collections.abc import Mapping

from rich.text import Text

from hhexp.escape import escape

PATCH = re.compile(r"changes(-\d+)?\.patch")
"""The names of the files that hold uncommitted changes, one a repository."""
SHOWN = 60
"""Lines of a patch that are shown, unless all are wanted."""


def describe_patches(
    one: Mapping[str, str], other: Mapping[str, str], titles: tuple[str, str], *, whole: bool
) -> list[Text]:
    """What differs between the uncommitted changes in two records' files; empty where nothing does.

    Args:
        one: the files of a record, by name.
        other: those of the other record.
        titles: what the two runs are called.
        whole: show every line.
    """
    names = sorted(name for name in {*one, *other} if PATCH.fullmatch(name))
    return [
        text
        for name in names
        if one.get(name) != other.get(name)
        for text in _describe(one.get(name), other.get(name), titles, whole)
    ]


def _describe(
    one: str | None, other: str | None, titles: tuple[str, str], whole: bool
) -> tuple[Text, Text]:
    if one is None or other is None:
        title, patch = (titles[1], other) if one is None else (titles[0], one)
        lines = (patch or "").split("\n")
        said = f"Only {title} was trained with uncommitted changes, {len(lines) - 1} lines:"
    else:
        said = f"The uncommitted changes differ, from {titles[0]} (-) to {titles[1]} (+):"
        # Not splitlines: a patch has its files' own line ends, which are shown where they differ.
        found = difflib.unified_diff(one.split("\n"), other.split("\n"), *titles, lineterm="")
        lines = list(found)
    return Text(said, style="bold"), _color(lines, whole)


def _color(lines: list[str], whole: bool) -> Text:
    shown = lines if whole else lines[:SHOWN]
    if hidden := len(lines) - len(shown):
        shown = [*shown, f"… and {hidden} more lines (--all shows them)"]
    text = Text(escape("\n".join(shown)))
    text.highlight_regex(r"(?m)^\+.*", "green")
    text.highlight_regex(r"(?m)^-.*", "red")
    return text

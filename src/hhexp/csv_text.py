"""CSV tables: no spreadsheet takes a name in them for a formula, and no terminal for a command.

They are read back the same.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hhexp.escape import escape_line

if TYPE_CHECKING:
    import pandas as pd

FORMULAS = ("=", "+", "-", "@")
"""How a cell starts that a spreadsheet computes; https://owasp.org/www-community/attacks/CSV_Injection
advises an apostrophe before it."""
QUOTE = "'"
ESCAPED = re.compile(
    r"\\(?:([\\ntr])|x([0-9a-f]{2})|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))"
)
"""A letter that is written in another way: a backslash, or one that cannot be printed."""
LETTERS = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


def format_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; a text that a spreadsheet would compute gets an apostrophe before it, and
    control characters are escaped."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue()


def format_frame(frame: "pd.DataFrame") -> str:
    """A frame as CSV, in the same way."""
    return str(frame.rename(columns=guard).map(guard).to_csv(index=False, lineterminator="\n"))


def parse_csv(text: str, columns: Sequence[str]) -> list[list[str]]:
    """Read the rows of CSV, which other people may have edited; the first has the columns' names.

    Args:
        text: the table.
        columns: the names of its first columns.

    Raises:
        ValueError: in one line, what is not as it was written.
    """
    try:
        rows = [
            [_unguard(cell) for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""), strict=True)
        ]
    except csv.Error as error:
        raise ValueError(f"not valid CSV: {error}") from error
    if not rows or tuple(rows[0][: len(columns)]) != tuple(columns):
        raise ValueError(f"must begin with the columns {', '.join(columns)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number}: must have {len(rows[0])} values, not {len(row)}")
    return rows


def guard(cell: object) -> object:
    """A cell that no spreadsheet computes and no terminal obeys; numbers stay numbers, as texts
    too."""
    if not isinstance(cell, str):
        return cell
    text = escape_line(cell.replace("\\", "\\\\")).replace("\t", "\\t")
    is_formula = text.lstrip(QUOTE).startswith(FORMULAS) and not _is_number(text)
    return QUOTE + text if is_formula else text


def _unguard(cell: str) -> str:
    quoted = cell.startswith(QUOTE) and cell.lstrip(QUOTE).startswith(FORMULAS)
    return ESCAPED.sub(_unescape, cell[1:] if quoted else cell)


def _unescape(found: re.Match[str]) -> str:
    letter, *codes = found.groups()
    return LETTERS[letter] if letter else chr(int(next(filter(None, codes)), 16))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

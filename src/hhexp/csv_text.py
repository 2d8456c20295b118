"""CSV tables: written so that no spreadsheet takes a name for a formula, and read back the same."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell starts that a spreadsheet computes; https://owasp.org/www-community/attacks/CSV_Injection
advises an apostrophe before it."""
QUOTE = "'"


def format_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; a text that a spreadsheet would compute gets an apostrophe before it."""
    guarded = [[guard(cell) for cell in row] for row in rows]
    text = io.StringIO()
    quoting = _choose_quoting(cell for row in guarded for cell in row)
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(guarded)
    return text.getvalue()


def format_frame(frame: "pd.DataFrame") -> str:
    """A frame as CSV, in the same way."""
    guarded = frame.rename(columns=guard).map(guard)
    quoting = _choose_quoting([*guarded.columns, *guarded.to_numpy(object).flat])
    return str(guarded.to_csv(index=False, lineterminator="\n", quoting=quoting))


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
    """A cell that no spreadsheet computes; numbers stay numbers, as texts too."""
    if not isinstance(cell, str) or not cell.lstrip(QUOTE).startswith(FORMULAS):
        return cell
    return cell if _is_number(cell) else QUOTE + cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith(QUOTE) and cell.lstrip(QUOTE).startswith(FORMULAS) else cell


def _choose_quoting(cells: Iterable[object]) -> Literal[0, 1]:
    """Python's csv leaves a carriage return without quotes, and then takes it for a line's end."""
    return (
        csv.QUOTE_ALL
        if any("\r" in cell for cell in cells if isinstance(cell, str))
        else csv.QUOTE_MINIMAL
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

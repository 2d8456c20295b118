"""The report's tables in LaTeX, for papers: each needs the package booktabs and nothing else."""

from typing import TYPE_CHECKING

from hhexp.analysis import grid
from hhexp.analysis.report.numbers import MINUS
from hhexp.analysis.report.tables import Table

if TYPE_CHECKING:
    import pandas as pd

SIGNS = {MINUS: "$-$", "±": r"$\pm$", "–": "--", "→": r"$\to$"}
"""Letters that a LaTeX without Unicode lacks."""


def write_latex(table: Table) -> str:
    """A table of the report as a ``tabular``, one line a row, as the page shows it."""
    import pandas as pd

    has_labels = any(line.label for line in table.lines)
    rows = [
        [
            grid.label(line.cell),
            *([line.label] if has_labels else []),
            *(number.text for number in line.numbers),
        ]
        for line in table.lines
    ]
    columns = ["run", *(["at"] if has_labels else []), *table.columns]
    return format_latex(pd.DataFrame(rows, columns=columns), 1 + has_labels)


def format_latex(frame: "pd.DataFrame", texts: int) -> str:
    """A frame of texts, whose first columns are words and the others numbers."""
    styled = (
        frame.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
    )
    aligned = "l" * texts + "r" * (len(frame.columns) - texts)
    text = str(styled.to_latex(hrules=True, column_format=aligned))
    for sign, written in SIGNS.items():
        text = text.replace(sign, written)
    return text

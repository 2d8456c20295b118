"""The table of a sweep's results for a terminal; where that is narrow, with fewer columns."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hhexp.analysis.summary import (
    JUDGED,
    METRICS,
    RECALLS,
    TEST,
    Point,
    Row,
    find_recalls,
    format_number,
    has_test,
    list_points,
)

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

LOSSES = ("train/loss", "val/loss", "test/loss")
RECALL = RECALLS[0]
MANY_CLASSES = 2
"""With more classes there is room for the lowest recall only."""
ID_SHOWN = 8
"""Digits of a run's ID; every command takes a unique beginning."""

WIDE = 1000
"""More characters than a table has, so that what it needs is measured uncut."""

Columns = Sequence[tuple[str, Callable[[Point], str]]]
"""Metrics: their heading, and from a point to its text."""


def render(rows: Sequence[Row], title: str, width: int) -> "Table":
    """A rich table; a run's two lines are last and best.

    Args:
        rows: the runs.
        title: above the table.
        width: the terminal's, in characters, 80 at least. Columns are left out until the names of
            the runs need not be broken within a word.
    """
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(width=WIDE)
    names = [_name(row) for row in rows]
    words = [word for name in names for word in name.split()]
    # What the names can be narrower: all other columns stay whole.
    spare = max(map(len, names), default=0) - max(map(len, words), default=0)
    for columns, has_time in _list_layouts(rows):
        table = _fill(rows, title, columns, has_time=has_time)
        if Measurement.get(console, console.options, table).maximum - spare <= width:
            break
    return table


def _list_layouts(rows: Sequence[Row]) -> Iterator[tuple[Columns, bool]]:
    """What a table may show of metrics, and whether it shows the seconds; the most first."""
    whole = _choose_columns(rows, MANY_CLASSES)
    yield whole, True
    yield whole, False
    yield _choose_columns(rows, 0), False
    yield [column for column in whole if column[0].endswith("acc %")], False


def _fill(rows: Sequence[Row], title: str, columns: Columns, *, has_time: bool) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption=_write_caption(rows),
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("run", overflow="fold", min_width=9)
    table.add_column("epoch", no_wrap=True)
    for heading in (*(heading for heading, _ in columns), *(["s per\nepoch"] if has_time else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("run ID", no_wrap=True)
    for row in rows:
        points = {word: point for word, point in list_points(row) if point}
        state = Text(row.run_id[:ID_SHOWN])
        if row.status != "FINISHED":
            state.append(f"\n{row.status}", "cyan" if row.status == "STOPPED" else "red")
        elif row.diverged_at:
            state.append("\ndiverged", "red")
        table.add_row(
            Text(_name(row)),
            "\n".join(f"{word} {point.epoch}" for word, point in points.items()) or "none",
            *("\n".join(map(show, points.values())) for _, show in columns),
            *([format_number(row.epoch_s, ".1f")] if has_time else []),
            state,
            end_section=row is not rows[-1],
        )
    return table


def _name(row: Row) -> str:
    return f"{row.overrides} [{row.label}]" if row.label else row.overrides


def _write_caption(rows: Sequence[Row]) -> "Text | None":
    """How the best epoch is judged, and what went wrong in which run."""
    from rich.text import Text

    lines = [Text(JUDGED, "dim")] if any(row.crossed for row in rows) else []
    lines += [Text(f"{row.overrides}: {row.trouble}", "red") for row in rows if row.trouble]
    return Text("\n").join(lines) if lines else None


def _choose_columns(rows: Sequence[Row], most_classes: int) -> Columns:
    """The columns of metrics, with a recall for each of so many classes, else the lowest."""
    headings = ("train\nacc %", "val\nacc %", "train\nloss", "val\nloss")
    columns: list[tuple[str, Callable[[Point], str]]] = [
        (heading, partial(_show, metric)) for heading, metric in zip(headings, METRICS, strict=True)
    ]
    if has_test(rows):
        columns.append(("test\nacc %", partial(_show, TEST[0])))
    recalls = [name for name in find_recalls(rows) if name.startswith(RECALL)]
    if len(recalls) > most_classes:
        return [*columns, ("lowest\nrecall", _show_lowest_recall)]
    for metric in recalls:
        name = metric.removeprefix(RECALL)
        shown = name if len(name) <= 8 else f"{name[:7]}…"
        columns.append((f"recall\n{shown}", partial(_show, metric)))
    return columns


def _show(metric: str, point: Point) -> str:
    value = point.values.get(metric, math.nan)
    if metric in LOSSES:
        form = ".3f" if value < 10 else ".4g" if value < 1000 else ".0e"
        return format_number(value, form)
    return format_number(100 * value, ".1f")


def _show_lowest_recall(point: Point) -> str:
    recalls = {name: value for name, value in point.values.items() if name.startswith(RECALL)}
    if not recalls:
        return "-"
    lowest = min(recalls, key=recalls.__getitem__)
    return f"{lowest.removeprefix(RECALL)[:10]} {_show(lowest, point)}"

"""The figures in a table: on a terminal, as Markdown, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.conditions import Conditions
from benchmarks.figure import Figure
from hhexp.atomic import replace_file

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("figure", "what", "ours", "yardstick", "ratio", "interval", "target", "reached")


def format_row(figure: Figure) -> tuple[str, ...]:
    """A figure's row, for ``COLUMNS``."""

    def format_ratio(ratio: float) -> str:
        return f"{ratio:.1%}" if figure.percent else f"{ratio:.2f}×"

    ratio = "—" if figure.ratio is None else format_ratio(figure.ratio)
    spread = ""
    if figure.interval:
        spread = " – ".join(map(format_ratio, figure.interval))
    elif len(figure.ratios) > 1:
        spread = f"({format_ratio(min(figure.ratios))} – {format_ratio(max(figure.ratios))})"
    target = "—"
    if figure.target is not None:
        target = f"{'≥' if figure.at_least else '≤'} {format_ratio(figure.target)}"
    reached = {True: "yes", False: "no", None: "—"}[figure.reached]
    return figure.name, figure.what, figure.ours, figure.other, ratio, spread, target, reached


def list_notes(figures: Sequence[Figure]) -> list[str]:
    """Notes on the figures; those with the same note share a line."""
    names: dict[str, list[str]] = {}
    for figure in figures:
        names.setdefault(figure.note, []).append(figure.name)
    return [
        "interval: 95 % interval of the median; in brackets the range, with fewer than 6 ratios",
        *(f"{', '.join(those)}: {note}" for note, those in names.items()),
    ]


def build_table(figures: Sequence[Figure]) -> "Table":
    """The figures for a terminal."""
    from rich import box
    from rich.table import Table

    rows = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in COLUMNS:
        rows.add_column(name, no_wrap=name not in ("what", "ours", "yardstick", "interval"))
    for figure in figures:
        rows.add_row(*format_row(figure), style="red" if figure.reached is False else None)
    return rows


def render_markdown(figures: Sequence[Figure], conditions: Conditions) -> str:
    """The figures and their conditions as Markdown."""
    lines = [f"- {line}" for line in conditions.describe()]
    lines += ["", f"| {' | '.join(COLUMNS)} |", "| --- " * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(format_row(figure))} |" for figure in figures]
    lines += ["", *(f"- {note}" for note in list_notes(figures))]
    return "\n".join(lines) + "\n"


def render_json(figures: Sequence[Figure], conditions: Conditions) -> str:
    """The figures and their conditions as JSON, with all ratios."""
    rows = [
        {
            **asdict(figure),
            "ratio": figure.ratio,
            "interval": figure.interval,
            "reached": figure.reached,
        }
        for figure in figures
    ]
    content = {"conditions": asdict(conditions), "figures": rows}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


RENDERERS = {".json": render_json, ".md": render_markdown}
"""Each form that a file of the table can have, by its name's suffix."""


def write_figures(path: Path, figures: Sequence[Figure], conditions: Conditions) -> None:
    """Write the figures and their conditions in the form that the path's suffix names."""
    render = RENDERERS[path.suffix.lower()]
    with replace_file(path) as unfinished:
        unfinished.write_text(render(figures, conditions), encoding="utf-8")

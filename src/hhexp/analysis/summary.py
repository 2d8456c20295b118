"""The table at the end of a sweep: each run at its last and at its best epoch."""

import csv
import io
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hhexp.tracking.query import find_run, metric_histories
from hhexp.tracking.store import Store
from hhexp.tracking.tags import ERROR, LABEL

if TYPE_CHECKING:
    from rich.table import Table

RECALL = "val/recall/"
MANY_CLASSES = 2
"""With more classes the terminal's table has room for the lowest recall only."""
ID_SHOWN = 8
"""Digits of a run's ID in the terminal; every command takes a unique beginning."""


@dataclass(frozen=True)
class Point:
    """A run's metrics at one epoch; NaN where one is missing."""

    epoch: int
    train_accuracy: float
    val_accuracy: float
    train_loss: float
    val_loss: float
    recalls: dict[str, float]
    """Of each class's validation images, the share that was found."""


@dataclass(frozen=True)
class Row:
    """A run in the table."""

    run_id: str
    overrides: str
    """What tells it from the other runs, such as ``aug=full epochs=15``."""
    label: str
    status: str
    error: str
    last: Point | None
    """None where no epoch ended."""
    best: Point | None
    """At the highest validation accuracy, the earliest of equals."""
    epoch_s: float
    """Median seconds of an epoch; NaN where no epoch ended."""


def summary(store: Store, run_ids: Sequence[str], overrides: Mapping[str, str]) -> list[Row]:
    """Read the runs' rows, in the order of ``run_ids``.

    Args:
        store: where the runs are.
        run_ids: the runs'.
        overrides: what to call each run, by its ID; else its name in the store.

    Raises:
        UserError: the store has no such run, or cannot be used.
    """
    return [_row(store, run_id, overrides.get(run_id)) for run_id in run_ids]


def render(rows: Sequence[Row], title: str) -> "Table":
    """A rich table for terminals of 80 columns and more; a run's two lines are last and best."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    errors = [f"{row.overrides}: {row.error or row.status}" for row in rows if row.error]
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption=Text("\n".join(errors), "red") if errors else None,
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.add_column("run", overflow="fold", min_width=9)
    table.add_column("epoch", no_wrap=True)
    columns = _columns(rows)
    for heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("s per\nepoch", justify="right", no_wrap=True)
    table.add_column("run ID", no_wrap=True)
    for row in rows:
        points = [point for point in (row.last, row.best) if point]
        name = f"{row.overrides} [{row.label}]" if row.label else row.overrides
        names = (
            [f"last {row.last.epoch}", f"best {row.best.epoch}"] if row.last and row.best else []
        )
        state = Text(row.run_id[:ID_SHOWN])
        if row.status != "FINISHED":
            state.append(f"\n{row.status}", "red")
        table.add_row(
            Text(name),
            "\n".join(names) or "none",
            *("\n".join(map(show, points)) for _, show in columns),
            _number(row.epoch_s, ".1f"),
            state,
            end_section=row is not rows[-1],
        )
    return table


def to_markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, a line for each run's last and best epoch."""
    header, *lines = _lines(rows)
    texts = [header, ["---"] * len(header), *lines]
    return "".join(
        "| " + " | ".join(text.replace("|", r"\|") for text in line) + " |\n" for line in texts
    )


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV, a line for each run's last and best epoch."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_lines(rows))
    return text.getvalue()


def _row(store: Store, run_id: str, name: str | None) -> Row:
    record = find_run(store, run_id)
    histories = metric_histories(store, run_id)
    accuracy = histories.get("val/accuracy", [])
    last = best = None
    if accuracy:
        ranked = [-math.inf if math.isnan(value) else value for value in accuracy]
        last = _point(histories, len(accuracy))
        best = _point(histories, ranked.index(max(ranked)) + 1)
    seconds = [value for value in histories.get("time/epoch_s", []) if not math.isnan(value)]
    return Row(
        run_id=record.run_id,
        overrides=name or record.name,
        label=record.tags.get(LABEL, ""),
        status=record.status,
        error=record.tags.get(ERROR, ""),
        last=last,
        best=best,
        epoch_s=statistics.median(seconds) if seconds else math.nan,
    )


def _point(histories: Mapping[str, Sequence[float]], epoch: int) -> Point:
    def at(name: str) -> float:
        values = histories.get(name, ())
        return values[epoch - 1] if len(values) >= epoch else math.nan

    recalls = {name.removeprefix(RECALL): at(name) for name in histories if name.startswith(RECALL)}
    return Point(
        epoch=epoch,
        train_accuracy=at("train/accuracy"),
        val_accuracy=at("val/accuracy"),
        train_loss=at("train/loss"),
        val_loss=at("val/loss"),
        recalls=recalls,
    )


def _columns(rows: Sequence[Row]) -> list[tuple[str, Callable[[Point], str]]]:
    """The terminal's columns of metrics: heading, and a point's text."""
    columns: list[tuple[str, Callable[[Point], str]]] = [
        ("train\nacc %", lambda point: _percent(point.train_accuracy)),
        ("val\nacc %", lambda point: _percent(point.val_accuracy)),
        ("train\nloss", lambda point: _loss(point.train_loss)),
        ("val\nloss", lambda point: _loss(point.val_loss)),
    ]
    classes = _classes(rows)
    if len(classes) > MANY_CLASSES:
        return [*columns, ("lowest\nrecall", _lowest_recall)]
    for name in classes:
        shown = name if len(name) <= 8 else f"{name[:7]}…"
        columns.append((f"recall\n{shown}", lambda point, name=name: _recall(point, name)))  # type: ignore[misc]
    return columns


def _lines(rows: Sequence[Row]) -> list[list[str]]:
    """All that is known of the rows, as a table of texts under a header."""
    classes = _classes(rows)
    metrics = ["train/accuracy", "val/accuracy", "train/loss", "val/loss"]
    header = ["run", "at", "epoch", *metrics, *(RECALL + name for name in classes)]
    lines = [[*header, "time/epoch_s", "label", "status", "error", "run ID"]]
    for row in rows:
        for name, point in (("last", row.last), ("best", row.best)):
            values = [""] * (1 + len(metrics) + len(classes))
            if point:
                numbers = (
                    point.train_accuracy,
                    point.val_accuracy,
                    point.train_loss,
                    point.val_loss,
                    *(point.recalls.get(name, math.nan) for name in classes),
                )
                values = [str(point.epoch), *(f"{number:.4f}" for number in numbers)]
            known = [_number(row.epoch_s, ".1f"), row.label, row.status, row.error, row.run_id]
            lines.append([row.overrides, name, *values, *known])
    return lines


def _classes(rows: Sequence[Row]) -> list[str]:
    return sorted({name for row in rows if row.last for name in row.last.recalls})


def _recall(point: Point, name: str) -> str:
    return _percent(point.recalls.get(name, math.nan))


def _lowest_recall(point: Point) -> str:
    if not point.recalls:
        return "-"
    name = min(point.recalls, key=point.recalls.__getitem__)
    return f"{name[:10]} {_percent(point.recalls[name])}"


def _percent(share: float) -> str:
    return _number(100 * share, ".1f")


def _loss(value: float) -> str:
    return _number(value, ".3f" if value < 10 else ".4g" if value < 1000 else ".0e")


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)

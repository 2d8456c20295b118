"""The table at the end of a sweep: each run at its last and at its best epoch."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hhexp.analysis import markdown
from hhexp.analysis.classes import rename, restore_names
from hhexp.analysis.crossfit import HALVINGS, CrossFit, read_fits
from hhexp.analysis.metrics import SELECTED_BY, History, best_epoch, diverged_at, measure
from hhexp.csv_text import format_csv
from hhexp.tracking.histories import read_many
from hhexp.tracking.models import BEST_EPOCH
from hhexp.tracking.query import StoredRun, find_runs
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import ERROR, LABEL

METRICS = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")
TEST = ("test/accuracy", "test/loss")
"""Measured at the last epoch of a run with test images."""
RECALLS = ("val/recall/", "test/recall/")
JUDGED = (
    f"best: chosen on one half of the validation images and judged on the other, {HALVINGS} times"
)
FOLD_WORD = re.compile(r" ?\bdata\.fold=\d+")


@dataclass(frozen=True)
class Point:
    """A run at one epoch."""

    epoch: int
    values: Mapping[str, float]
    """Losses, accuracies and recalls by metric; NaN where the run has none."""


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
    """At the highest validation accuracy, the earliest of equals, and cross-fitted where the run
    has the answers of all epochs; None where there is none."""
    epoch_s: float
    """Median seconds of an epoch; NaN where no epoch ended."""
    diverged_at: int | None = None
    """The first epoch in which a loss or an accuracy is not a finite number."""
    crossed: bool = False
    """Whether the best epoch's values are judged on other images than those that chose it."""

    @property
    def trouble(self) -> str:
        """Why it failed, or that it diverged; empty where neither is so."""
        if self.error or not self.diverged_at:
            return self.error
        return f"diverged: from epoch {self.diverged_at} on a loss or accuracy is not finite"


def summarise(store: Store, run_ids: Sequence[str], overrides: Mapping[str, str]) -> list[Row]:
    """Read the runs' rows, in the order of ``run_ids``.

    Args:
        store: where the runs are.
        run_ids: the runs'.
        overrides: what to call each run, by its ID; else its name in the store.

    Raises:
        UserError: the store has no such run, or cannot be used.
    """
    runs = find_runs(store, run_ids)
    histories = read_many(store, {run.run_id: run.metrics for run in runs})
    fits = read_fits(store, [run for run in runs if run.status == "FINISHED"])
    names = restore_names(store, runs)
    rows = [
        _make_row(
            run, histories[run.run_id], fits.get(run.run_id), overrides.get(run.run_id), names
        )
        for run in runs
    ]
    return [*rows, *_average_folds(rows)]


def to_markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, a line for each run's last and best epoch."""
    header, *lines = _list_lines(rows)
    texts = [map(markdown.show, header), ["---"] * len(header)]
    texts += [map(markdown.show, line) for line in lines]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in texts)
    return f"{table}\n{JUDGED}\n" if any(row.crossed for row in rows) else table


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV, a line for each run's last and best epoch."""
    return format_csv(_list_lines(rows))


def log_summary(parent: TrackedRun, rows: Sequence[Row]) -> None:
    """Log the rows on a sweep's own run."""
    parent.log_text(to_markdown(rows), "summary.md")
    parent.log_text(to_csv(rows), "summary.csv")


def _make_row(
    record: StoredRun,
    history: History,
    fit: CrossFit | None,
    name: str | None,
    names: Mapping[str, str],
) -> Row:
    return Row(
        run_id=record.run_id,
        overrides=name or record.name,
        label=record.tags.get(LABEL, ""),
        status=record.outcome,
        error=record.tags.get(ERROR, ""),
        last=_measure_at(history, "last", len(history.get(SELECTED_BY, ())), names),
        best=_measure_at(history, "best", best_epoch(history), names, fit),
        epoch_s=measure(history, "time/epoch_s", "median"),
        diverged_at=diverged_at(history),
        crossed=fit is not None,
    )


def _average_folds(rows: Sequence[Row]) -> list[Row]:
    """A row for each set of runs that differ in their fold alone, all of which have finished."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        name = FOLD_WORD.sub("", row.overrides).strip()
        if name != row.overrides:
            groups.setdefault(name, []).append(row)
    return [
        Row(
            "",
            f"{name}: mean of {len(group)} folds".removeprefix(": "),
            group[0].label,
            "FINISHED",
            "",
            _average([row.last for row in group if row.last]),
            None,
            float(np.mean([row.epoch_s for row in group])),
        )
        for name, group in groups.items()
        if len(group) > 1 and all(row.status == "FINISHED" and row.last for row in group)
    ]


def _average(points: Sequence[Point]) -> Point:
    names = set.intersection(*({*point.values} for point in points))
    values = {name: float(np.mean([point.values[name] for point in points])) for name in names}
    return Point(max(point.epoch for point in points), values)


def _measure_at(
    history: History,
    statistic: str,
    epoch: int | None,
    names: Mapping[str, str],
    fit: CrossFit | None = None,
) -> Point | None:
    others = [name for name in history if name in TEST or name.startswith(RECALLS)]
    values = {
        name: fit.measure(history, name) if fit else measure(history, name, statistic)
        for name in (*METRICS, *others)
    }
    if statistic == "best" and history.get(BEST_EPOCH, [0])[-1] == epoch:
        values |= {
            name: history[of_best][-1]
            for name in others
            if name.startswith("test/") and (of_best := name.replace("/", "/best/", 1)) in history
        }
    return Point(epoch, rename(values, names)) if epoch else None


def list_points(row: Row) -> list[tuple[str, Point | None]]:
    """A run's last and best epoch, with what they are called."""
    return [("last", row.last), ("best", row.best)]


def _list_lines(rows: Sequence[Row]) -> list[list[str]]:
    """All that is known of the rows, as a table of texts under a header."""
    metrics = [*METRICS, *(TEST if has_test(rows) else ()), *find_recalls(rows)]
    lines = [["run", "at", "epoch", *metrics, "time/epoch_s", "label", "status", "error", "run ID"]]
    for row in rows:
        known = [format_number(row.epoch_s, ".1f"), row.label, row.status, row.trouble, row.run_id]
        for word, point in list_points(row):
            values = [""] * (1 + len(metrics))
            if point:
                numbers = [point.values.get(metric, math.nan) for metric in metrics]
                values = [str(point.epoch), *(f"{number:.4f}" for number in numbers)]
            lines.append([row.overrides, word, *values, *known])
    return lines


def find_recalls(rows: Sequence[Row]) -> list[str]:
    """The recalls that some run has, by class."""
    found = {name for row in rows if row.last for name in row.last.values}
    return sorted((name for name in found if name.startswith(RECALLS)), key=_is_test)


def has_test(rows: Sequence[Row]) -> bool:
    """Whether some run has test images."""
    return any(row.last and TEST[0] in row.last.values for row in rows)


def _is_test(metric: str) -> tuple[bool, str]:
    """The order of metrics: those of the validation images first."""
    return metric.startswith("test/"), metric


def format_number(value: float, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if math.isnan(value) else format(value, form)

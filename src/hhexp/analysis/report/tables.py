"""The report's tables: means over seeds, with the runs that each number comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hhexp.analysis import grid
from hhexp.analysis.folds import measure_interval
from hhexp.analysis.grid import Cell
from hhexp.analysis.report import numbers
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import Interval
from hhexp.analysis.study import Figure

if TYPE_CHECKING:
    import pandas as pd

STATISTICS = {
    "last": "last epoch",
    "best": "best epoch",
    "mean_last_5": "mean of last 5",
}
MOST_COLUMNS = 3
"""Classes whose recalls are columns; of more, each has a line in a table of its own."""
TRAINING = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")
RECALL = "val/recall/"
TEST = ("test/accuracy", "test/balanced_accuracy", "test/loss")
TEST_RECALL = "test/recall/"
TEST_BEST = "test/best/"
MINUS = numbers.MINUS


@dataclass(frozen=True)
class Number:
    """A mean over a cell's seeds, or over their folds."""

    cell: Cell
    metric: str
    statistic: str
    interval: Interval
    run_ids: tuple[str, ...]
    seeds: int
    diverged: tuple[int, ...]
    """Seeds that are left out, as their runs diverged."""
    folds: int = 0
    """Those that the interval is over; 0 where it is over the seeds."""

    @property
    def value(self) -> str:
        """The mean with its ±."""
        if not self.interval.count:
            return "diverged" if self.diverged else "–"
        return numbers.format_interval(self.interval, self.metric, self.statistic)

    @property
    def remark(self) -> str:
        """Which seeds are left out of it."""
        return numbers.tell_diverged(self.diverged) if self.diverged and self.seeds else ""

    @property
    def text(self) -> str:
        """As a reader sees it."""
        return f"{self.value} ({self.remark})" if self.remark else self.value


@dataclass(frozen=True)
class Line:
    """A row of a table; several lines of a cell follow each other."""

    cell: Cell
    label: str
    numbers: list[Number]


@dataclass(frozen=True)
class Table:
    """Columns under their headings; a line's numbers are as many."""

    name: str
    columns: list[str]
    lines: list[Line]

    def to_frame(self) -> "pd.DataFrame":
        """Tidy: one row per number, with its interval and its runs."""
        import pandas as pd

        return pd.DataFrame(
            {
                "cell": grid.label(number.cell),
                "metric": number.metric,
                "statistic": number.statistic,
                "mean": number.interval.mean,
                "low": number.interval.low,
                "high": number.interval.high,
                "deviation": number.interval.deviation,
                "seeds": number.seeds,
                "folds": number.folds,
                "diverged": " ".join(map(str, number.diverged)),
                "run_ids": " ".join(number.run_ids),
            }
            for line in self.lines
            for number in line.numbers
        )


@dataclass(frozen=True)
class Published:
    """A published figure beside ours."""

    figure: Figure
    ours: Number
    lowest: float
    highest: float

    @property
    def theirs(self) -> str:
        """The published number, or its range."""
        values = self.figure.value
        ends = values if isinstance(values, list) else [values]
        return "–".join(
            numbers.format_number(v, self.figure.metric, self.figure.statistic) for v in ends
        )

    @property
    def place(self) -> str:
        """Where it lies among our seeds."""
        if not self.ours.interval.count:
            return "not compared: no run of ours"
        values = self.figure.value
        low, high = (values[0], values[-1]) if isinstance(values, list) else (values, values)
        if high < self.lowest:
            return "below all our seeds" if self.ours.interval.count > 1 else "below ours"
        if low > self.highest:
            return "above all our seeds" if self.ours.interval.count > 1 else "above ours"
        return "within the range of our seeds" if self.ours.interval.count > 1 else "equal to ours"


def build_training_table(results: Results) -> Table:
    """Each cell at its last epoch, its best, and over the last five."""
    recalls = [metric for metric in results.metrics if metric.startswith(RECALL)]
    metrics = [*TRAINING, *(recalls if len(recalls) <= MOST_COLUMNS else ())]
    return Table(
        "training",
        [_name_column(results, metric) for metric in metrics],
        [
            Line(cell, title, [_measure(results, cell, metric, word) for metric in metrics])
            for cell in results.cells
            for word, title in STATISTICS.items()
        ],
    )


def build_recall_table(results: Results) -> Table | None:
    """Each cell's recalls, a line for each class; None where the classes are few."""
    recalls = [metric for metric in results.metrics if metric.startswith(RECALL)]
    if len(recalls) <= MOST_COLUMNS:
        return None
    columns = [f"validation, {title}, %" for title in STATISTICS.values()]
    tested = any(metric.startswith(TEST_RECALL) for metric in results.metrics)

    def measure_class(cell: Cell, metric: str) -> list[Number]:
        own = [_measure(results, cell, metric, word) for word in STATISTICS]
        of_test = metric.replace(RECALL, TEST_RECALL, 1)
        return [*own, _measure(results, cell, of_test, "last")] if tested else own

    return Table(
        "recall",
        [*columns, "test, last epoch, %"] if tested else columns,
        [
            Line(
                cell,
                results.names.get(metric, metric).removeprefix(RECALL),
                measure_class(cell, metric),
            )
            for cell in results.cells
            for metric in recalls
        ],
    )


def build_behaviour_table(results: Results) -> Table:
    """Generalisation gap, swing and training time of each cell."""
    asked = {
        "accuracy gap, points": ("val/accuracy", "gap"),
        "loss gap": ("val/loss", "gap"),
        "swing of validation accuracy, points": ("val/accuracy", "swing"),
        "s per epoch": ("time/epoch_s", "median"),
        "training, min": ("time/epoch_s", "total"),
    }
    return Table(
        "behaviour",
        list(asked),
        [
            Line(cell, "", [_measure(results, cell, *each) for each in asked.values()])
            for cell in results.cells
        ],
    )


def build_test_table(results: Results) -> Table | None:
    """Each cell on the test images, at its last epoch and with its best epoch's model; None where
    no run has any."""
    metrics = [metric for metric in TEST if metric in results.metrics]
    if not metrics:
        return None
    recalls = [metric for metric in results.metrics if metric.startswith(TEST_RECALL)]
    metrics += recalls if len(recalls) <= MOST_COLUMNS else []
    starts = {"last": "test/"}
    if any(metric.startswith(TEST_BEST) for metric in results.metrics):
        starts["best"] = TEST_BEST
    return Table(
        "test",
        [_name_column(results, metric) for metric in metrics],
        [
            Line(
                cell,
                f"{which} epoch",
                [
                    _measure(results, cell, metric.replace("test/", start, 1), "last")
                    for metric in metrics
                ],
            )
            for cell in results.cells
            for which, start in starts.items()
        ],
    )


def build_views_table(results: Results) -> Table | None:
    """Accuracy and recalls on each partial view of the validation images; None without views."""
    known = [metric.partition("/")[0] for metric in results.metrics if metric.startswith("val_")]
    named = [f"val_{view}" for view in results.study.views] if results.study else []
    splits = [split for split in named if split in known]
    splits += [split for split in dict.fromkeys(known) if split not in splits]
    if not splits:
        return None
    recalls = [m.removeprefix("val/") for m in results.metrics if m.startswith(RECALL)]
    endings = ["accuracy", *(recalls if len(recalls) <= MOST_COLUMNS else ())]
    return Table(
        "views",
        [_name_column(results, f"val/{ending}").removeprefix("validation ") for ending in endings],
        [
            Line(
                cell,
                split.removeprefix("val").removeprefix("_").replace("_", " ") or "full",
                [_measure(results, cell, f"{split}/{ending}", "last") for ending in endings],
            )
            for split in ("val", *splits)
            for cell in results.cells
        ],
    )


def compare_published(results: Results) -> list[Published]:
    """The study's published figures, each beside ours."""
    reference = results.study.reference if results.study else None
    if results.study is None or reference is None:
        return []
    rows = []
    for figure in reference.figures:
        cell = results.study.cell(figure.cell)
        values = results.measure_cell(cell, figure.metric, figure.statistic).values()
        ours = _measure(results, cell, figure.metric, figure.statistic)
        lowest, highest = (min(values), max(values)) if values else (0.0, 0.0)
        rows.append(Published(figure, ours, lowest, highest))
    return rows


def tabulate_published(rows: Iterable[Published]) -> "pd.DataFrame":
    """One row per published figure."""
    import pandas as pd

    return pd.DataFrame(
        {
            "cell": grid.label(row.ours.cell),
            "metric": row.figure.metric,
            "statistic": row.figure.statistic,
            "published": row.figure.value,
            "note": row.figure.note,
            "mean": row.ours.interval.mean,
            "low": row.ours.interval.low,
            "high": row.ours.interval.high,
            "seeds": row.ours.interval.count,
            "place": row.place,
        }
        for row in rows
    )


def _measure(results: Results, cell: Cell, metric: str, word: str) -> Number:
    values = results.measure_cell(cell, metric, word)
    runs = results.of(cell)
    run_ids = tuple(part.run.run_id for seed in values for part in runs[seed].parts)
    diverged = tuple(results.find_diverged(cell, metric, word))
    by_fold = results.measure_folds(cell, metric, word)
    return Number(
        *(cell, metric, word, measure_interval(results, cell, metric, word), run_ids),
        *(len(values), diverged, len(by_fold)),
    )


def _name_column(results: Results, metric: str) -> str:
    own = numbers.name_unit(metric)
    return f"{numbers.name_metric(results.names.get(metric, metric))}{f', {own}' if own else ''}"

"""The numbers of two runs side by side, and from which epoch on they differ."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hhexp.config import objective
from hhexp.escape import escape
from hhexp.reproduction.history import is_counted
from hhexp.reproduction.record import Record
from hhexp.reproduction.verdict import find_first_deviation
from hhexp.training.state import PastEpoch

if TYPE_CHECKING:
    from rich.table import Table

ABSENT = "–"


def are_equal(one: Record, other: Record) -> bool:
    """Whether two runs have the same number of epochs, the same metrics and the same weights."""
    same = len(one.epochs) == len(other.epochs)
    return same and find_first_deviation(one.epochs, other.epochs) is None


def describe_first_difference(one: Record, other: Record) -> str:
    """From when on two runs differ, in a sentence."""
    lengths = len(one.epochs), len(other.epochs)
    deviation = find_first_deviation(one.epochs, other.epochs)
    if deviation is not None:
        before = deviation.epoch - 1
        same = f" The {before} epochs before are the same." if before else ""
        return f"The first difference is in {escape(str(deviation))}.{same}"
    if lengths[0] == lengths[1]:
        return f"All metrics of {lengths[0]} epochs and the weights are the same."
    longer = one if lengths[0] > lengths[1] else other
    return (
        f"All metrics of the first {min(lengths)} epochs and the weights are the same; then only "
        f"{longer.run_id[:8]} goes on, to epoch {max(lengths)}."
    )


def tabulate_numbers(one: Record, other: Record) -> "Table":
    """The last and the best epoch of two runs as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table("", one.run_id[:8], other.run_id[:8], "change", title="Numbers")
    for row in (*_list_last(one, other), *_list_best(one, other)):
        table.add_row(*(Text(escape(cell)) for cell in row))
    return table


def _list_last(one: Record, other: Record) -> list[tuple[str, ...]]:
    first, second = _take_last(one), _take_last(other)
    rows: list[tuple[str, ...]] = [("last epoch", str(len(one.epochs)), str(len(other.epochs)), "")]
    for name in filter(is_counted, dict.fromkeys([*first.metrics, *second.metrics])):
        values = first.metrics.get(name), second.metrics.get(name)
        rows.append((name, *map(_format, values), _format_change(*values)))
    hashes = first.weights[:12] or ABSENT, second.weights[:12] or ABSENT
    same = "same" if first.weights == second.weights else "differ"
    return [*rows, ("weights", *hashes, same)]


def _take_last(record: Record) -> PastEpoch:
    return record.epochs[-1] if record.epochs else PastEpoch({}, "")


def _list_best(one: Record, other: Record) -> list[tuple[str, ...]]:
    """The best value of what each run was to make large or small, and its epoch."""
    objectives = dict.fromkeys(str(each.config.get("objective")) for each in (one, other))
    rows: list[tuple[str, ...]] = []
    for name in objectives:
        (value, epoch), (value2, epoch2) = (find_best(run.epochs, name) for run in (one, other))
        if epoch or epoch2:
            cells = _format_best(value, epoch), _format_best(value2, epoch2)
            rows.append((f"best {name}", *cells, _format_change(value, value2)))
    return rows


def find_best(epochs: Sequence[PastEpoch], metric: str) -> tuple[float | None, int]:
    """The best value of a metric and its epoch, the first of several; 0 where it has none."""
    values = [each.metrics.get(metric, math.nan) for each in epochs]
    epoch = objective.find_best(values, metric)
    return (values[epoch - 1], epoch) if epoch else (None, 0)


def _format(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.6g}"


def _format_best(value: float | None, epoch: int) -> str:
    return f"{_format(value)} (epoch {epoch})" if epoch else ABSENT


def _format_change(one: float | None, other: float | None) -> str:
    if one is None or other is None:
        return ""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return "same"
    return f"{other - one:+.3g}"

"""How much of many runs and cells a page shows; the tables beside it always have all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Result, Results

MANY_RUNS = 1000
"""With more of them a page shows distributions, in place of each run by itself."""
MANY_CELLS = 24
"""With more of them a page draws only the best, and says of each key what it does."""
DRAWN, LISTED, COMPARED = 12, 100, 12
"""Of many cells: those that are drawn and listed, and the pairs that are compared in pictures."""
RANKED_BY = "val/accuracy"
"""The best cells have the highest mean of this at the last epoch."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Spread:
    """How the runs of a cell differ at the last epoch, in validation accuracy."""

    lowest: float
    median: float
    highest: float
    best: Result
    """The run with the highest."""


@dataclass(frozen=True)
class Scope:
    """What a page shows."""

    shows_runs: bool
    """Whether each run is shown by itself; else distributions are."""
    has_many_cells: bool
    drawn: list[Cell]
    """The cells with learning curves; all have finished runs."""
    listed: list[Cell]
    """The cells in the tables."""

    def limit_pairs(self, pairs: Sequence[Item]) -> Sequence[Item]:
        """Those pairs of cells that are compared in pictures."""
        return pairs[:COMPARED] if self.has_many_cells else pairs


def choose_scope(results: Results) -> Scope:
    """What the page of these results shows."""
    finished = [cell for cell in results.cells if results.of(cell)]
    many = len(results.cells) > MANY_CELLS
    if not many:
        return Scope(len(results.all) <= MANY_RUNS, many, finished, results.cells)
    means = {
        grid.label(cell): float(np.mean(values)) if values else -np.inf
        for cell in results.cells
        for values in [list(results.measure_cell(cell, RANKED_BY, "last").values())]
    }
    ranked = sorted(means, key=means.__getitem__, reverse=True)
    drawn, listed = set(ranked[:DRAWN]), set(ranked[:LISTED])
    return Scope(
        len(results.all) <= MANY_RUNS,
        many,
        [cell for cell in finished if grid.label(cell) in drawn],
        [cell for cell in results.cells if grid.label(cell) in listed],
    )


def measure_spread(results: Results, cell: Cell) -> Spread | None:
    """How a cell's runs differ; None where none has a number."""
    values = results.measure_cell(cell, RANKED_BY, "last")
    if not values:
        return None
    low, middle, high = np.quantile(list(values.values()), (0, 0.5, 1)).tolist()
    return Spread(low, middle, high, results.of(cell)[max(values, key=values.__getitem__)])

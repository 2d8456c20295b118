"""The runs that answer a question, with their histories, sorted into cells and seeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hhexp.analysis import grid
from hhexp.analysis.crossfit import CrossFit, read_fits, read_scores
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import History, diverged_at, measure
from hhexp.analysis.study import Study
from hhexp.tracking.names import find_name
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import ERROR, OVERRIDES


@dataclass(frozen=True)
class Result:
    """A run in its cell."""

    run: StoredRun
    cell: Cell
    seed: int | None
    history: History = field(repr=False)

    @property
    def label(self) -> str:
        """Its cell, as overrides."""
        return grid.label(self.cell)

    @property
    def overrides(self) -> str:
        """What was given on its command line."""
        return self.run.tags.get(OVERRIDES, "")

    @property
    def error(self) -> str:
        """Why it failed; empty where it did not."""
        return self.run.tags.get(ERROR, "")

    @cached_property
    def diverged_at(self) -> int | None:
        """The first epoch in which a loss or an accuracy is not a finite number."""
        return diverged_at(self.history)


def _find(metric: str, result: Result) -> str:
    """The name that a run has a metric under, such as one of a class with odd letters."""
    return metric if metric in result.history else find_name(metric, result.history) or metric


@dataclass(frozen=True)
class Results:
    """What was selected."""

    store: Store
    selection: str
    study: Study | None
    sweep: StoredRun | None
    cells: list[Cell]
    all: list[Result]
    """Every run, finished or not, in the order of the cells and seeds."""
    notes: list[str]
    """What a reader must know of the selection."""

    def of(self, cell: Mapping[str, object]) -> Mapping[int, Result]:
        """The finished runs of a cell, by seed in rising order; the newest where there are two."""
        keys = tuple(sorted(cell))
        if keys not in self._groups:
            self._groups[keys] = self._group_by(keys)
        return self._groups[keys].get(tuple(grid.normalise(cell[key]) for key in keys), {})

    @cached_property
    def _groups(self) -> dict[tuple[str, ...], dict[tuple[str, ...], dict[int, Result]]]:
        """What ``_group_by`` made of the keys that were asked for."""
        return {}

    def _group_by(self, keys: tuple[str, ...]) -> dict[tuple[str, ...], dict[int, Result]]:
        """The finished runs by their values of the keys, and then by seed."""
        groups: dict[tuple[str, ...], dict[int, Result]] = {}
        for result in self.all:
            values = {**result.run.params, **result.cell}
            if (
                result.run.status != "FINISHED"
                or result.seed is None
                or not values.keys() >= {*keys}
            ):
                continue
            group = groups.setdefault(tuple(grid.normalise(values[key]) for key in keys), {})
            known = group.get(result.seed)
            if known is None or result.run.start > known.run.start:
                group[result.seed] = result
        return {values: dict(sorted(group.items())) for values, group in groups.items()}

    @cached_property
    def by_cell(self) -> dict[str, list[Result]]:
        """Every run, finished or not, by the label of its cell."""
        found: dict[str, list[Result]] = {}
        for result in self.all:
            found.setdefault(result.label, []).append(result)
        return found

    def measure_cell(
        self, cell: Mapping[str, object], metric: str, statistic: str
    ) -> dict[int, float]:
        """A statistic of each of a cell's seeds; those that have it."""
        values = {
            seed: self.measure(result, metric, statistic) for seed, result in self.of(cell).items()
        }
        return {seed: value for seed, value in values.items() if value == value}

    def find_diverged(self, cell: Mapping[str, object], metric: str, statistic: str) -> list[int]:
        """A cell's seeds that lack a statistic because their runs diverged."""
        return [
            seed
            for seed, result in self.of(cell).items()
            if result.diverged_at
            and (name := _find(metric, result)) in result.history
            and math.isnan(self.measure(result, name, statistic))
        ]

    def measure(self, result: Result, metric: str, statistic: str) -> float:
        """A statistic of a run's metric, ``best`` cross-fitted where the run has what that needs;
        NaN where the run does not have it."""
        name = _find(metric, result)
        if statistic != "best" or not (fit := self.fits.get(result.run.run_id)):
            return measure(result.history, name, statistic)
        if name.startswith("val/") and name not in fit.values:
            return self._fit_scores(result.run).get(name, math.nan)
        return fit.measure(result.history, name)

    @cached_property
    def fits(self) -> dict[str, CrossFit]:
        """The cross-fitted best epochs of the finished runs that have what it takes, by ID."""
        done = [result.run for result in self.all if result.run.status == "FINISHED"]
        return read_fits(self.store, done)

    def _fit_scores(self, run: StoredRun) -> Mapping[str, float]:
        if run.run_id not in self._scores:
            self._scores[run.run_id] = read_scores(self.store, run)
        return self._scores[run.run_id]

    @cached_property
    def _scores(self) -> dict[str, Mapping[str, float]]:
        """What ``_fit_scores`` has read."""
        return {}

    @cached_property
    def metrics(self) -> list[str]:
        """The names of all metrics that some run has."""
        return sorted({name for result in self.all for name in result.history})

    @property
    def title(self) -> str:
        """What to call it."""
        if self.study:
            return self.study.title
        return self.sweep.name if self.sweep else self.selection

"""The runs that answer a question, with their histories, sorted into cells and seeds."""

import contextlib
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.classes import restore_names
from hhexp.analysis.crossfit import CrossFit, read_fits, read_scores
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import History, diverged_at, mask_infinite, measure
from hhexp.analysis.searches import Search, note_tuning, read_search
from hhexp.analysis.study import Study
from hhexp.errors import UserError
from hhexp.launching.overrides import read_overrides
from hhexp.tracking.names import find_name
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import ERROR, OVERRIDES


@dataclass(frozen=True)
class Result:
    """A run in its cell; or all the runs of a seed, one a fold."""

    run: StoredRun
    """Of several folds the first's."""
    cell: Cell
    seed: int | None
    history: History = field(repr=False)
    """Over several folds the mean, up to the epoch that all have."""
    folds: int | None = None
    """Into how many the images were dealt, where they were."""
    fold: int | None = None
    """The one that validated; None where several did."""
    by_fold: "tuple[Result, ...]" = field(default=(), repr=False)
    """The runs of a seed, by fold, where there are several."""

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

    @property
    def parts(self) -> "tuple[Result, ...]":
        """Its runs: one, or one a fold."""
        return self.by_fold or (self,)

    @cached_property
    def diverged_at(self) -> int | None:
        """The first epoch in which a loss or an accuracy is not a finite number."""
        return diverged_at(self.history)


def join_folds(runs: Sequence[Result]) -> Result:
    """The runs of a seed as one result.

    A model of each fold answers for the images that it was not trained on; so their mean is the
    seed's number, as in cross-validation (M. Stone, J. R. Stat. Soc. B 36, 1974).
    """
    if len(runs) == 1:
        return runs[0]
    history = {}
    for name in set.intersection(*({*each.history} for each in runs)):
        curves = [mask_infinite(each.history[name]) for each in runs]
        shortest = min(map(len, curves))
        history[name] = np.mean([curve[:shortest] for curve in curves], axis=0).tolist()
    return replace(runs[0], history=history, fold=None, by_fold=tuple(runs))


def _name_sweep(words: str) -> str:
    """Of a sweep's words those that make its runs differ; all of them where none does."""
    with contextlib.suppress(UserError, ValueError):
        asked = shlex.split(words)
        values = read_overrides(asked)
        told = [word for word in asked if len(values.get(word.partition("=")[0], ())) > 1]
        return " ".join(told) or words
    return words


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
        """The finished runs of a cell, by seed in rising order; the newest where there are two.

        Of folds, a seed needs as many as any has.
        """
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
        groups: dict[tuple[str, ...], dict[int, list[Result]]] = {}
        for result in self.all:
            values = {**result.run.params, **result.cell}
            if (
                result.run.status != "FINISHED"
                or result.seed is None
                or not values.keys() >= {*keys}
            ):
                continue
            group = groups.setdefault(tuple(grid.normalise(values[key]) for key in keys), {})
            group.setdefault(result.seed, []).append(result)
        return {
            values: {
                seed: chosen
                for seed, runs in sorted(group.items())
                if (chosen := self._choose(runs))
            }
            for values, group in groups.items()
        }

    def _choose(self, runs: Iterable[Result]) -> Result | None:
        """Of the finished runs of a cell and seed those that count; None where a fold lacks."""
        newest: dict[int | None, dict[int | None, Result]] = {}
        for each in sorted(runs, key=lambda each: each.run.start):
            newest.setdefault(each.folds, {})[each.fold] = each
        whole = [
            [by_fold[fold] for fold in sorted(by_fold, key=lambda fold: fold or 0)]
            for folds, by_fold in newest.items()
            if by_fold.keys() >= self.trained_folds.get(folds, set())
        ]
        chosen = max(whole, key=lambda runs: max(each.run.start for each in runs), default=None)
        return join_folds(chosen) if chosen else None

    @cached_property
    def trained_folds(self) -> dict[int | None, set[int | None]]:
        """Of images that were dealt into so many folds: those that some finished run has."""
        found: dict[int | None, set[int | None]] = {}
        for each in self.all:
            if each.run.status == "FINISHED":
                found.setdefault(each.folds, set()).add(each.fold)
        return found

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

    def measure_folds(
        self, cell: Mapping[str, object], metric: str, statistic: str
    ) -> dict[int, float]:
        """A statistic of each fold, the mean over the cell's seeds; empty without folds."""
        runs = self.of(cell)
        by_fold: dict[int, list[float]] = {}
        for seed in self.measure_cell(cell, metric, statistic):
            for each in runs[seed].by_fold:
                assert each.fold is not None
                by_fold.setdefault(each.fold, []).append(self.measure(each, metric, statistic))
        return {fold: float(np.mean(values)) for fold, values in sorted(by_fold.items())}

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
        """A statistic, ``best`` cross-fitted where the run has what that needs; of several folds
        their mean, and NaN where one has none."""
        values = [self._measure_run(each, metric, statistic) for each in result.parts]
        return sum(values) / len(values)

    def _measure_run(self, result: Result, metric: str, statistic: str) -> float:
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

    @cached_property
    def search(self) -> Search | None:
        """The search that was selected."""
        return read_search(self.sweep) if self.sweep else None

    @cached_property
    def tuned(self) -> tuple[str, ...]:
        """Which cells were chosen from more configurations than others, in a sentence each."""
        first = {grid.label(cell): next(iter(self.of(cell).values()), None) for cell in self.cells}
        return tuple(note_tuning(self.store, {name: r.run for name, r in first.items() if r}))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The metrics whose class has other letters in its folder than MLflow takes."""
        return restore_names(self.store, [result.run for result in self.all])

    @property
    def title(self) -> str:
        """What to call it."""
        if self.study:
            return self.study.title
        if self.search:
            return self.search.title
        return _name_sweep(self.sweep.name) if self.sweep else self.selection

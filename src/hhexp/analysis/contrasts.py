"""What a study's statements measure: contrasts of cells, by seed, and what they say of a bound."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hhexp.analysis import grid
from hhexp.analysis.decisions import Evidence
from hhexp.analysis.evidence import weigh_sides
from hhexp.analysis.power import compare_single_runs
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import difference
from hhexp.analysis.study import CellValues, Contrast, Statement


@dataclass(frozen=True)
class Measured:
    """A statement's contrast, as far as the planned seeds have it."""

    statement: Statement
    by_seed: dict[int, float]
    diverged: list[int]

    @classmethod
    def read(cls, results: Results, statement: Statement, planned: Sequence[int]) -> "Measured":
        """Measure a statement's contrast on the seeds of a plan, in its order."""
        values = measure_contrast(results, statement)
        if statement.minus:
            values = _subtract(values, measure_contrast(results, statement.minus))
        return cls(
            statement,
            {seed: values[seed] for seed in planned if seed in values},
            [seed for seed in _find_diverged(results, statement) if seed in planned],
        )

    def weigh(self, seeds: Iterable[int]) -> Evidence:
        """The p-values of a statement and of its contrary, of some of its seeds.

        Each is two-sided, so that an interval of 95 % would tell the same; only ``within`` is
        supported as by the usual interval of 90 %, of two one-sided tests (D. J. Schuirmann,
        J. Pharmacokinet. Biopharm. 15, 1987).
        """
        values = [self.by_seed[seed] for seed in seeds]
        edge = bound(self.statement)
        above, below = weigh_sides(values, edge)
        if self.statement.direction == "higher":
            return Evidence(2 * above, 2 * below)
        if self.statement.direction == "lower":
            return Evidence(2 * below, 2 * above)
        above_lower, below_lower = weigh_sides(values, -edge)
        return Evidence(max(below, above_lower), 2 * min(above, below_lower))


def bound(statement: Statement) -> float:
    """What the mean must be beyond; for ``within``, the upper of the two margins."""
    if statement.level is not None:
        return statement.level
    return -statement.margin if statement.direction == "lower" else statement.margin


def find_ahead(results: Results, statement: Statement) -> float:
    """The chance that a run of the cell is above one of the other, or above the level."""
    if statement.minus:
        return float("nan")
    own = results.measure_cell(statement.cell, statement.metric, statement.statistic)
    others: Iterable[float] = [] if statement.level is None else [statement.level]
    if statement.versus:
        others = results.measure_cell(
            statement.versus, statement.metric, statement.statistic
        ).values()
    return compare_single_runs(list(own.values()), list(others))


def measure_contrast(results: Results, asked: Contrast) -> dict[int, float]:
    """For each seed that all of its cells have: the statistic, or its difference of two cells."""
    values = results.measure_cell(asked.cell, asked.metric, asked.statistic)
    if asked.versus is None:
        return values
    return _subtract(values, results.measure_cell(asked.versus, asked.metric, asked.statistic))


def _subtract(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """The difference first − second of each seed that both have."""
    return {seed: difference(first[seed], second[seed]) for seed in first if seed in second}


def _find_diverged(results: Results, statement: Statement) -> list[int]:
    """The seeds that lack a number in some cell of a statement because their runs diverged."""
    lost = (
        results.find_diverged(cell, asked.metric, asked.statistic)
        for asked, cell in list_cells(statement)
    )
    return sorted({seed for seeds in lost for seed in seeds})


def name_missing(results: Results, statement: Statement) -> str:
    """Which of a statement's cells has no value, or that no seed has a run in every cell."""
    for asked, cell in list_cells(statement):
        if not results.of(cell):
            return f"no finished run of {grid.label(cell)}"
        if not results.measure_cell(cell, asked.metric, asked.statistic):
            what = "" if asked.statistic == "last" else f"{asked.statistic} of "
            return f"{grid.label(cell)} has no {what}{asked.metric}"
    return "no planned seed has a run in every cell"


def lacks_metric(results: Results, statement: Statement) -> bool:
    """Whether a cell has finished runs and none of them has what is asked, nor has diverged: no
    seed will have it, as of a metric that is misspelt."""
    return any(
        results.of(cell)
        and not results.measure_cell(cell, asked.metric, asked.statistic)
        and not results.find_diverged(cell, asked.metric, asked.statistic)
        for asked, cell in list_cells(statement)
    )


def list_cells(statement: Statement) -> list[tuple[Contrast, CellValues]]:
    """All cells that a statement speaks of, each with what is asked of it."""
    asked: list[Contrast] = [statement, *([statement.minus] if statement.minus else [])]
    return [(each, cell) for each in asked for cell in (each.cell, each.versus) if cell]

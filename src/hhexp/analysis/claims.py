"""A study's claims against its runs: supported, refuted or undecided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hhexp.analysis import grid
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import Interval, difference, mean_interval, seeds_to_decide
from hhexp.analysis.study import CellValues, Claim, Contrast, Statement

Word = Literal["supported", "refuted", "undecided"]
REASONS = 2
"""How many reasons are given why a claim is undecided."""


@dataclass(frozen=True)
class StatementVerdict:
    """What the runs say about a statement."""

    statement: Statement
    word: Word
    reason: str
    effect: Interval
    """Of the statement's contrast over the seeds, paired by seed; in the metric's own unit."""
    by_seed: dict[int, float]
    seeds_needed: int | None
    """Seeds in all that would decide it; None where it is decided or none would."""
    diverged: list[int]
    """Seeds without a number, as their runs diverged: those that are left do not decide."""


@dataclass(frozen=True)
class ClaimVerdict:
    """What the runs say about a claim: that all its statements hold, or that one does not."""

    claim: Claim
    statements: list[StatementVerdict] = field(repr=False)

    @property
    def word(self) -> Word:
        """Supported where all statements are, refuted where one is, else undecided."""
        words = [statement.word for statement in self.statements]
        if "refuted" in words:
            return "refuted"
        return "undecided" if "undecided" in words else "supported"

    @property
    def reason(self) -> str:
        """Why it is undecided; empty where it is not."""
        if self.word != "undecided":
            return ""
        reasons = list(dict.fromkeys(each.reason for each in self.statements if each.reason))
        rest = len(reasons) - REASONS
        return "; ".join(reasons[:REASONS]) + (f"; and {rest} more" if rest > 0 else "")

    def __str__(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def judge_claims(results: Results) -> list[ClaimVerdict]:
    """Judge each claim of the results' study; none where they have no study."""
    claims = results.study.claims if results.study else []
    return [
        ClaimVerdict(claim, [judge_statement(results, each) for each in claim.statements])
        for claim in claims
    ]


def judge_statement(results: Results, statement: Statement) -> StatementVerdict:
    """Judge one statement by the 95 % t-interval of its contrast, paired by seed.

    It is supported where the whole interval lies beyond the bound (level or margin) in the
    statement's direction, refuted where the whole interval lies on the other side, and undecided
    where the bound is inside; one seed has no interval and never decides. ``within`` is supported
    where the whole interval lies between the two margins (an equivalence test as D. J. Schuirmann,
    J. Pharmacokinet. Biopharm. 15, 1987, but with the stricter 95 % interval).
    """
    values = measure_contrast(results, statement)
    if statement.minus:
        other = measure_contrast(results, statement.minus)
        values = _subtract(values, other)
    effect = mean_interval(list(values.values()))
    diverged = _find_diverged(results, statement)
    word, reason, needed = _decide(statement, effect)
    if diverged:
        seeds = ", ".join(map(str, diverged))
        reason = f"seed{'s' if len(diverged) > 1 else ''} {seeds} diverged"
        word, needed = "undecided", None
    elif effect.count == 0:
        reason = _name_missing(results, statement)
    return StatementVerdict(statement, word, reason, effect, values, needed, diverged)


def bound(statement: Statement) -> float:
    """What the whole interval must be beyond; for ``within``, the upper of the two margins."""
    if statement.level is not None:
        return statement.level
    return -statement.margin if statement.direction == "lower" else statement.margin


def _decide(statement: Statement, effect: Interval) -> tuple[Word, str, int | None]:
    """Verdict, why it is undecided, and how many seeds would decide."""
    if effect.count < 2:
        return "undecided", "only one seed", None
    edge = bound(statement)
    above, below = difference(effect.low, edge) > 0, difference(effect.high, edge) < 0
    if statement.direction == "higher":
        supported, refuted = above, below
    elif statement.direction == "lower":
        supported, refuted = below, above
    else:
        supported = below and difference(effect.low, -edge) > 0
        refuted = above or difference(effect.high, -edge) < 0
    if supported or refuted:
        return "supported" if supported else "refuted", "", None
    distance_from = abs(effect.mean) if statement.direction == "within" else effect.mean
    needed = seeds_to_decide(distance_from, effect.deviation, edge)
    return "undecided", "the interval contains the bound", needed


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
        for asked, cell in _list_cells(statement)
    )
    return sorted({seed for seeds in lost for seed in seeds})


def _name_missing(results: Results, statement: Statement) -> str:
    """Which of a statement's cells has no value, or that no seed has a run in every cell."""
    for asked, cell in _list_cells(statement):
        if not results.of(cell):
            return f"no finished run of {grid.label(cell)}"
        if not results.measure_cell(cell, asked.metric, asked.statistic):
            return f"{grid.label(cell)} has no {asked.metric}"
    return "no seed has a run in every cell"


def _list_cells(statement: Statement) -> list[tuple[Contrast, CellValues]]:
    """All cells that a statement speaks of, each with what is asked of it."""
    asked: list[Contrast] = [statement, *([statement.minus] if statement.minus else [])]
    return [(each, cell) for each in asked for cell in (each.cell, each.versus) if cell]

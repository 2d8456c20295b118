"""Verdicts on a family of claims over several looks, with one error for all of it.

Holm's procedure (S. Holm, Scand. J. Stat. 6, 1979) at each look: a claim is decided where its
p-value is at or below its look's level; each of the m claims that are not decided has an m-th of
the error, and so more as others are decided. That this keeps the error over all looks and all
claims together, whichever of them are true, is shown by W. Maurer and F. Bretz, Stat. Biopharm.
Res. 5, 2013; Holm's is the graph in which each claim passes its level on to all others alike. A
claim that was decided stays so: it is not judged again at looks that speak less clearly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hhexp.analysis.looks import find_levels

Word = Literal["supported", "refuted", "undecided"]
ERROR = 0.05
"""The chance of any false verdict, over all looks and all claims of a family."""


@dataclass(frozen=True)
class Evidence:
    """A claim's p-values at a look: it is decided where one is at or below the look's level."""

    support: float
    refutation: float


@dataclass(frozen=True)
class Decision:
    """What a family's procedure says of one of its claims."""

    word: Word
    look: int | None
    """The seeds at the look that decided it."""
    levels: Mapping[int, float]
    """The level of its p-values at each look, by its seeds."""


def decide_family(
    evidence: Sequence[Mapping[int, Evidence]], looks: tuple[int, ...], error: float = ERROR
) -> list[Decision]:
    """Judge the claims of a family.

    Args:
        evidence: of each claim, by the seeds at the looks that were taken.
        looks: the seeds at all looks that are planned, rising.
        error: the chance of any false verdict that is allowed.
    """
    decided: dict[int, Decision] = {}
    while waiting := [number for number in range(len(evidence)) if number not in decided]:
        levels = dict(zip(looks, find_levels(error / len(waiting), looks), strict=True))
        found = {number: _decide(evidence[number], levels) for number in waiting}
        new = {number: each for number, each in found.items() if each.look}
        decided |= new or found
    return [decided[number] for number in range(len(evidence))]


def _decide(evidence: Mapping[int, Evidence], levels: Mapping[int, float]) -> Decision:
    """The verdict of the first look that has one."""
    for look, level in levels.items():
        found = evidence.get(look)
        if found and min(found.support, found.refutation) <= level:
            word: Word = "supported" if found.support <= found.refutation else "refuted"
            return Decision(word, look, levels)
    return Decision("undecided", None, levels)

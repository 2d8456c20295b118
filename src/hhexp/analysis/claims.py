"""A study's claims against its runs: supported, refuted or undecided."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from hhexp.analysis.contrasts import Measured, bound, find_ahead, lacks_metric, name_missing
from hhexp.analysis.decisions import Decision, Evidence, Word, decide_family
from hhexp.analysis.evidence import least_exact
from hhexp.analysis.images import spread_over_images
from hhexp.analysis.power import seeds_to_decide
from hhexp.analysis.predictions import Predictions
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import Interval, mean_interval
from hhexp.analysis.study import Claim, Statement, Study

REASONS = 2
"""How many reasons are given why a claim is undecided."""
UNJUDGED = "seconds on a clock are not compared, as other work on the machine moves them"


@dataclass(frozen=True)
class StatementVerdict:
    """What the runs say about a statement."""

    statement: Statement
    word: Word
    reason: str
    effect: Interval
    """Of the statement's contrast over the seeds, paired by seed; in the metric's own unit."""
    on_any_images: Interval | None
    """The same over seeds and images; None where it is not a mean over images."""
    p: float
    """The p-value of what the seeds so far speak for, by the stricter of the two tests."""
    by_seed: dict[int, float]
    seeds_needed: int | None
    """Seeds in all that would decide it in four of five studies; None where it is decided or none
    would."""
    ahead: float
    """The chance that a single run of the cell is above one of the other cell, or the level."""
    diverged: list[int]
    """Seeds without a number, as their runs diverged: those that are left do not decide."""
    lacks_metric: bool = False
    """Whether some cell's runs do not have the metric at all."""


@dataclass(frozen=True)
class ClaimVerdict:
    """What the runs say about a claim: that all its statements hold, or that one does not."""

    claim: Claim
    word: Word
    statements: list[StatementVerdict] = field(repr=False)
    decided_at: int | None = None
    """The seeds at the look that decided it."""
    judged_at: int | None = None
    """The seeds at the last look; None where there was none."""
    level: float = 0.0
    """What its p-value must not exceed at that look."""
    is_primary: bool = True

    @property
    def reason(self) -> str:
        """Why it is undecided; empty where it is not."""
        if self.word != "undecided":
            return ""
        reasons = list(dict.fromkeys(each.reason for each in self.statements if each.reason))
        rest = len(reasons) - REASONS
        return "; ".join(reasons[:REASONS]) + (f"; and {rest} more" if rest > 0 else "")

    @property
    def can_be_decided(self) -> bool:
        """Whether more seeds could still decide it."""
        lost = any(each.diverged or each.lacks_metric for each in self.statements)
        return self.word == "undecided" and self.claim.is_judged and not lost

    def __str__(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def judge_claims(results: Results, predictions: Predictions | None = None) -> list[ClaimVerdict]:
    """Judge each claim of the results' study; none where they have no study.

    The primary claims share an error of 5 %, over all looks of the study's plan; the others share
    another. A claim that is not judged takes no part in it.

    Args:
        results: the runs.
        predictions: of the runs, for the intervals over seeds and images.
    """
    study = results.study
    if study is None:
        return []
    verdicts: dict[str, ClaimVerdict] = {}
    for claims in (study.primary, study.secondary):
        measured = {
            claim.name: [Measured.read(results, s, study.planned) for s in claim.statements]
            for claim in claims
        }
        judged = [claim for claim in claims if claim.is_judged]
        evidence = [weigh_claim(measured[claim.name], study) for claim in judged]
        decisions = dict(
            zip(
                (claim.name for claim in judged),
                decide_family(evidence, study.looks),
                strict=True,
            )
        )
        for claim in claims:
            verdicts[claim.name] = _describe_claim(
                results, predictions, claim, measured[claim.name], decisions.get(claim.name)
            )
    return [verdicts[claim.name] for claim in study.claims]


def weigh_claim(measured: Sequence[Measured], study: Study) -> dict[int, Evidence]:
    """A claim's p-values at each look at which all its seeds are there.

    All statements must hold, so the largest p-value supports it (R. L. Berger, Technometrics 24,
    1982); one that does not refutes it, so the smallest is multiplied by their number.
    """
    found = {}
    for look in study.looks:
        seeds = study.planned[:look]
        if all(set(seeds) <= each.by_seed.keys() for each in measured):
            parts = [each.weigh(seeds) for each in measured]
            refutation = len(parts) * min(part.refutation for part in parts)
            found[look] = Evidence(max(part.support for part in parts), refutation)
    return found


def _describe_claim(
    results: Results,
    predictions: Predictions | None,
    claim: Claim,
    measured: Sequence[Measured],
    decision: Decision | None,
) -> ClaimVerdict:
    """A claim's verdict, with those on its statements at the look that decided it, or the last."""
    study = results.study
    assert study is not None
    taken = [
        look
        for look in study.looks
        if all(set(study.planned[:look]) <= each.by_seed.keys() for each in measured)
    ]
    look = (decision.look if decision else None) or max(taken, default=None)
    statements = [
        _describe_statement(results, predictions, each, decision, look, len(measured))
        for each in measured
    ]
    return ClaimVerdict(
        claim,
        decision.word if decision else "undecided",
        statements,
        decision.look if decision else None,
        look if decision else None,
        decision.levels[look] if decision and look else 0.0,
        claim in study.primary,
    )


def _describe_statement(
    results: Results,
    predictions: Predictions | None,
    measured: Measured,
    decision: Decision | None,
    look: int | None,
    among: int,
) -> StatementVerdict:
    """What is said of one of a claim's statements, which are so many."""
    study, statement = results.study, measured.statement
    assert study is not None
    effect = mean_interval(list(measured.by_seed.values()))
    found = measured.weigh(study.planned[:look]) if look else Evidence(1.0, 1.0)
    word: Word = "undecided"
    reason, needed = "", None
    if decision is None:
        reason = UNJUDGED
    elif look is None:
        reason = _explain_no_look(results, measured)
    elif found.support <= decision.levels[look]:
        word = "supported"
    elif among * found.refutation <= decision.levels[look]:
        word = "refuted"
    else:
        reason = _explain_undecided(statement, effect, look, decision.levels[look])
    if decision and word == "undecided" and not measured.diverged:
        last = decision.levels[study.looks[-1]]
        needed = _count_seeds(statement, effect, last, among)
    return StatementVerdict(
        statement,
        word,
        reason,
        effect,
        spread_over_images(results, predictions, statement, measured.by_seed),
        min(1.0, found.support, found.refutation),
        measured.by_seed,
        needed,
        find_ahead(results, statement),
        measured.diverged,
        lacks_metric(results, statement),
    )


def _explain_no_look(results: Results, measured: Measured) -> str:
    """Why there was no look at a statement."""
    study = results.study
    assert study is not None
    if measured.diverged:
        seeds = ", ".join(map(str, measured.diverged))
        return f"seed{'s' if len(measured.diverged) > 1 else ''} {seeds} diverged"
    count = len(measured.by_seed)
    if count == 0:
        return name_missing(results, measured.statement)
    if count == 1:
        return "only one seed"
    return f"{count} of the {study.looks[0]} seeds that it takes are there"


def _explain_undecided(statement: Statement, effect: Interval, look: int, level: float) -> str:
    """Why a look did not decide a statement."""
    if least_exact(look) > level:
        least = next(seeds for seeds in itertools.count(look) if least_exact(seeds) <= level)
        return (
            f"{look} seeds are too few: with them p is never below {least_exact(look):.3g}, and it "
            f"takes {level:.2g}; {least} can decide"
        )
    edges = [bound(statement)]
    if statement.direction == "within":
        edges.append(-edges[0])
    if any(effect.low <= edge <= effect.high for edge in edges):
        return "the interval contains the bound"
    return f"p is above {level:.2g}, which it takes with so many claims and looks"


def _count_seeds(statement: Statement, effect: Interval, level: float, among: int) -> int | None:
    """The seeds that would decide one of so many statements with a power of 80 %, at the last
    look's level: that it holds or, where its mean lies beyond the bound, that it does not."""
    mean, edge = effect.mean, bound(statement)
    if statement.direction == "within":
        if abs(mean) < edge:
            return seeds_to_decide(mean, effect.deviation, edge, level, -edge)
        return seeds_to_decide(abs(mean), effect.deviation, edge, level / 2 / among)
    holds = (mean > edge) == (statement.direction == "higher")
    return seeds_to_decide(mean, effect.deviation, edge, level / 2 / (1 if holds else among))

"""A study's answer in plain words, made from the verdicts and never stronger than they are."""

import math
from collections.abc import Mapping, Sequence

from hhexp.analysis.claims import ClaimVerdict, StatementVerdict
from hhexp.analysis.contrasts import bound
from hhexp.analysis.grid import label
from hhexp.analysis.power import find_deciding_look
from hhexp.analysis.report import numbers
from hhexp.analysis.study import Study

FEW = 2
"""Statements of a claim whose effects are all told."""


def answer(study: Study | None, verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """The answer, a sentence on each primary claim, decided ones first, and one on all others.

    Args:
        study: whose claims they are.
        verdicts: on its claims, in its order.

    Returns:
        none without claims.
    """
    primary = [verdict for verdict in verdicts if verdict.is_primary and verdict.claim.is_judged]
    if study is None or not verdicts:
        return []
    counts = [
        each.effect.count
        for verdict in verdicts
        for each in verdict.statements
        if not each.lacks_metric
    ]
    if counts and max(counts) < 2:
        return [_tell_too_few(study, verdicts)]
    if waiting := _tell_waiting(study, primary):
        return [waiting, *_tell_others(verdicts)]
    primary.sort(key=lambda verdict: verdict.word == "undecided")
    told: list[str] = []
    for before, verdict in zip([None, *primary], primary, strict=False):
        sentence = _tell(study, verdict)
        if before and find_turn(before) * find_turn(verdict) < 0:
            sentence = f"But {_lower(sentence)}"
        told.append(sentence)
    return [*told, *_tell_others(verdicts)]


def find_turn(verdict: ClaimVerdict) -> int:
    """Whether what was found is for the better, 1, or for the worse, −1; 0 where it is neither.

    It is for the better if an accuracy rises or a loss falls in the one cell against the other.
    """
    signs = {_find_sign(each) for each in verdict.statements}
    sign = signs.pop() if len(signs) == 1 else 0
    if verdict.word == "refuted":
        by_margin = any(each.statement.margin for each in verdict.statements)
        return 0 if by_margin else -sign
    return sign if verdict.word == "supported" else 0


def _find_sign(verdict: StatementVerdict) -> int:
    statement = verdict.statement
    if statement.versus is None or statement.minus or statement.direction == "within":
        return 0
    worse = "loss" in statement.metric or statement.statistic in ("swing", "gap")
    return (1 if statement.direction == "higher" else -1) * (-1 if worse else 1)


def _tell(study: Study, verdict: ClaimVerdict) -> str:
    """A claim's verdict with the numbers that it rests on."""
    text = verdict.claim.text.strip().removesuffix(".")
    if verdict.word == "supported":
        return f"{text}{_tell_effects(verdict)}."
    if verdict.word == "refuted":
        return f"It is not true that {_lower(text)}{_tell_effects(verdict)}."
    extent = _tell_extent(study, verdict)
    return f"Whether {_lower(text)} is undecided {extent}{_tell_effects(verdict)}."


def _tell_extent(study: Study, verdict: ClaimVerdict) -> str:
    """How far an undecided claim has come."""
    most = study.looks[-1]
    if verdict.judged_at is None:
        diverged = sorted({seed for each in verdict.statements for seed in each.diverged})
        if diverged:
            s = "s" if len(diverged) > 1 else ""
            return f"(the run{s} of seed{s} {', '.join(map(str, diverged))} diverged)"
        if lacking := [each.reason for each in verdict.statements if each.lacks_metric]:
            return f"({lacking[0]})"
        return f"yet ({_count(verdict)} of {study.looks[0]} seeds)"
    if verdict.judged_at < most:
        return f"after {verdict.judged_at} of at most {most} seeds"
    return f"after all {most} seeds"


def _tell_effects(verdict: ClaimVerdict) -> str:
    """The effects of a claim's statements, with their intervals."""
    statements = [each for each in verdict.statements if each.effect.count]
    if verdict.word == "refuted":  # by one of them
        statements = [each for each in statements if each.word == "refuted"] or statements
    if not statements:
        return ""
    if len(statements) > FEW:
        return f" ({len(statements)} comparisons: {_count_words(statements)})"
    told = [f"{_tell_apart(each, verdict)}{_tell_effect(each, verdict)}" for each in statements]
    return f": {' and '.join(told)}"


def _tell_apart(verdict: StatementVerdict, claim: ClaimVerdict) -> str:
    """What tells a statement from its claim's others, as "in training loss with epochs=15 "."""
    own = verdict.statement
    others = [each.statement for each in claim.statements]

    def differ(
        cell: Mapping[str, object] | None, cells: Sequence[Mapping[str, object] | None]
    ) -> dict[str, object]:
        return {
            key: value
            for key, value in (cell or {}).items()
            if any((other or {}).get(key) != value for other in cells)
        }

    what = ""
    if any(other.statistic != own.statistic for other in others):
        what = f"in {numbers.name_metric(own.metric)} ({numbers.name_statistic(own.statistic)}) "
    elif any(other.metric != own.metric for other in others):
        what = f"in {numbers.name_metric(own.metric)} "
    cell = differ(own.cell, [other.cell for other in others])
    versus = differ(own.versus, [other.versus for other in others])
    against = {key: value for key, value in versus.items() if cell.get(key) != value}
    told = f"{what}with {label(cell)} " if cell else what
    return f"{told}against {label(against)} " if against else told


def _tell_effect(verdict: StatementVerdict, claim: ClaimVerdict) -> str:
    """An effect as "by 8.5 points (95 % 4.2 to 12.8, 12 seeds)"."""
    statement, effect = verdict.statement, verdict.effect
    size, low, high = effect.mean, effect.low, effect.high
    is_change = statement.versus is not None and statement.minus is None
    sign = -1 if statement.direction == "lower" else 1
    claimed_side = statement.direction != "within" and size * sign > 0
    by = is_change and claim.word == "supported" and claimed_side
    if by and sign < 0:
        size, low, high = -size, -high, -low
    signed = not by and (statement.versus is not None or statement.statistic == "gap")
    seeds = f"{effect.count} seed{'' if effect.count == 1 else 's'}"
    name, word = statement.metric, statement.statistic
    shown = numbers.format_number(size, name, word, signed=signed)
    unit = numbers.name_unit(name, word, difference=numbers.is_difference(statement))
    start = "by " if by else "the difference is " if statement.versus else "it is "
    ends = [numbers.format_number(end, name, word, signed=signed) for end in (low, high)]
    within = "" if math.isnan(low) else f"95 % {ends[0]} to {ends[1]}, "
    alone = claim.word == "undecided" != verdict.word
    more = f"; {verdict.word} by itself" if alone else _tell_images(verdict)
    return f"{start}{shown} {unit}".rstrip() + f" ({within}{seeds}{more})"


def _tell_images(verdict: StatementVerdict) -> str:
    """That a verdict holds for these images, where on any it is open."""
    interval = verdict.on_any_images
    if verdict.word == "undecided" or interval is None:
        return ""
    edges = [bound(verdict.statement)]
    edges += [-edges[0]] if verdict.statement.direction == "within" else []
    if not any(interval.low <= edge <= interval.high for edge in edges):
        return ""
    return "; on these images: on others like them it is open"


def _tell_too_few(study: Study, verdicts: Sequence[ClaimVerdict]) -> str:
    """What one seed cannot tell, and what would."""
    measured = max(_count(verdict) for verdict in verdicts)
    least = find_deciding_look(study)
    more = f"{least} seeds of every cell are needed" if least else "more seeds are needed"
    if not measured:
        return f"Nothing can be compared yet: no seed has a run in every cell; {more}."
    return (
        "One seed cannot answer the question: the differences below are of single runs, and chance "
        f"moves them as well; {more}."
    )


def _tell_waiting(study: Study, primary: Sequence[ClaimVerdict]) -> str:
    """That no claim was judged yet for want of seeds; empty where one was."""
    if not primary or any(each.judged_at or not each.can_be_decided for each in primary):
        return ""
    counts = sorted({_count(verdict) for verdict in primary})
    have = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    many = f"none of the {len(primary)} primary claims is"
    claims = many if len(primary) > 1 else "the claim is not"
    return f"Not yet: {have} of {study.looks[0]} seeds are there, so {claims} judged."


def _tell_others(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """What became of the secondary claims, and of those that are not judged."""
    others = [verdict for verdict in verdicts if not verdict.is_primary]
    judged = [verdict for verdict in others if verdict.claim.is_judged]
    if len(judged) > 1:
        return [f"Of {len(judged)} other claims {_count_words(judged)}."]
    return [f"One other claim is {judged[0].word}."] if judged else []


def _count_words(verdicts: Sequence[ClaimVerdict | StatementVerdict]) -> str:
    """As "1 supported, 2 undecided"."""
    words = [verdict.word for verdict in verdicts]
    return ", ".join(
        f"{words.count(word)} {word}"
        for word in ("supported", "refuted", "undecided")
        if word in words
    )


def _count(verdict: ClaimVerdict) -> int:
    """The seeds that all of a claim's statements have."""
    return min(each.effect.count for each in verdict.statements)


def _lower(text: str) -> str:
    """A sentence as it goes on within another: a name such as CNN stays as it is."""
    return text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text

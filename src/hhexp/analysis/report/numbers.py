"""Numbers as a reader sees them: units, digits, and the ± of several seeds."""

import math
from collections.abc import Sequence

from hhexp.analysis.claims import UNJUDGED, ClaimVerdict, StatementVerdict
from hhexp.analysis.contrasts import bound
from hhexp.analysis.grid import label
from hhexp.analysis.metrics import MEANINGS
from hhexp.analysis.statistics import Interval
from hhexp.analysis.study import SHARES, Contrast, Statement, Study
from hhexp.tracking.models import BEST_EPOCH

MINUS = "\u2212"
NAMED = 3
"""Seeds of diverged runs that are named beside a number."""


def name_metric(metric: str) -> str:
    """A metric in words: ``val/recall/horses`` is "validation recall, horses"."""
    if metric == "time/epoch_s":
        return "seconds per epoch"
    if (whole := _strip_best(metric)) != metric:
        return f"{name_metric(whole)}, at the run's best epoch"
    split, _, rest = metric.partition("/")
    words = {"train": "training", "val": "validation"}
    if split.startswith("val_"):
        words[split] = f"validation ({split.removeprefix('val_').replace('_', ' ')})"
    kind, _, name = rest.partition("/")
    return f"{words.get(split, split)} {kind.replace('_', ' ')}{f', {name}' if name else ''}"


def _strip_best(metric: str) -> str:
    """The metric whose value at a run's best epoch another one is, such as test/best/loss."""
    if metric.startswith("test/best/"):
        return f"test/{metric.removeprefix('test/best/')}"
    return metric if metric == BEST_EPOCH else metric.removeprefix("best/")


def name_statistic(word: str) -> str:
    """A statistic in words."""
    return MEANINGS[word]


def format_number(value: float, metric: str, word: str = "last", *, signed: bool = False) -> str:
    """A value in its metric's unit, without it: 0.8516 of an accuracy is "85.2"."""
    if math.isnan(value):
        return "–"
    factor, digits, _ = find_scale(metric, word)
    size = abs(value * factor)
    # The loss of a run that is about to diverge has thirty digits before the point.
    form = f".{digits}f" if size < 1e3 else ".0f" if size < 1e5 else ".0e"
    return f"{value * factor:{'+' if signed else ''}{form}}".replace("-", MINUS)


def name_unit(metric: str, word: str = "last", *, difference: bool = False) -> str:
    """The unit of a number: %, s, min, or none; a difference of percentages is in points."""
    _, _, own = find_scale(metric, word)
    return "points" if difference and own == "%" else own


def format_interval(
    value: Interval, metric: str, word: str = "last", *, signed: bool = False
) -> str:
    """A mean with its ±, as "85.2 ± 1.9"; one seed has no ±."""
    mean = format_number(value.mean, metric, word, signed=signed)
    if value.count < 2:
        return mean
    return f"{mean} ± {format_number(value.half, metric, word)}"


def describe_statement(statement: Statement) -> str:
    """A statement's contrast in words, as "validation loss, …: (aug=full) − (aug=none)"."""
    measured, cells = _name_measured(statement), _name_cells(statement)
    if statement.minus is None:
        return f"{measured}: {cells}"
    other, other_cells = _name_measured(statement.minus), _name_cells(statement.minus)
    if measured == other:
        return f"{measured}: [{cells}] {MINUS} [{other_cells}]"
    if cells == other_cells:
        return f"effect on {measured}, minus effect on {other}: {cells}"
    return f"{measured}: {cells}, minus {other}: {other_cells}"


def describe_bound(statement: Statement) -> str:
    """What the contrast must be for the statement to hold, as "< 0 points"."""
    factor, _, _ = find_scale(statement.metric, statement.statistic)
    edge = bound(statement) * factor + 0.0  # no −0
    shown = f"{edge:g}".replace("-", MINUS)
    sign = {"higher": ">", "lower": "<", "within": "within ±"}[statement.direction]
    own = name_unit(statement.metric, statement.statistic, difference=is_difference(statement))
    return f"{sign}{'' if sign.endswith('±') else ' '}{shown} {own}".rstrip()


def format_effect(statement: Statement, value: Interval) -> str:
    """A statement's measured contrast with its ± and unit."""
    signed = statement.versus is not None or statement.statistic == "gap"
    text = format_interval(value, statement.metric, statement.statistic, signed=signed)
    own = name_unit(statement.metric, statement.statistic, difference=is_difference(statement))
    return f"{text} {own}".rstrip()


def explain_verdicts(study: Study) -> str:
    """What the verdicts on a study's claims mean, and how sure they are."""
    looks = study.looks
    listed = ", ".join(map(str, looks[:-1]))
    when = f"after {looks[-1]} seeds"
    if len(looks) > 1:
        when = f"after {listed} and {looks[-1]} seeds"
    claims = f" and all {len(study.primary)} primary claims together"
    if len(study.primary) == 1:
        claims = " at the primary claim" if study.secondary else ""
    told = (
        "A claim is supported if its seeds lie beyond the bound on the claimed side by more than "
        "chance explains, refuted if they do on the other side, and undecided otherwise. It is "
        f"judged {when}, by the stricter of a t-test, also corrected for skewness, and the exact "
        f"sign-flip test. The chance of any false verdict, over all looks{claims}, is at most 5 %"
    )
    if study.secondary:
        many = len(study.secondary) > 1
        others = f"{len(study.secondary)} others together" if many else "other one"
        told += f", and 5 % for the {others}"
    return (
        f"{told} (alpha spending and Holm's procedure; shown by simulation, with seeds as skewed "
        "as those of the flagship study: a rare failure that no seed has shown is not in it). "
        "Differences are paired by seed; ± is a "
        "95 % interval over the seeds, for these images, and is not corrected. Where a second "
        "interval is given, it is over seeds and images, so for other images of the same kind too. "
        "The seed counts assume the same mean and spread; with that many seeds the chance of a "
        "decision is 80 %."
    )


def describe_look(verdict: ClaimVerdict) -> str:
    """Which kind of claim it is, and when it was judged."""
    kind = "Primary claim" if verdict.is_primary else "Secondary claim"
    if verdict.decided_at:
        return f"{kind}, decided at the look after {verdict.decided_at} seeds."
    if verdict.judged_at:
        return f"{kind}, last judged after {verdict.judged_at} seeds."
    return f"{kind}, not judged yet." if verdict.claim.is_judged else f"{kind}, not judged."


def name_verdict(verdict: ClaimVerdict) -> str:
    """A claim's verdict in a word or two: undecided is only what was judged."""
    if verdict.word != "undecided" or verdict.judged_at:
        return verdict.word
    waits = verdict.claim.is_judged and not any(each.lacks_metric for each in verdict.statements)
    return "not yet" if waits else "not judged"


def explain_undecided(verdict: ClaimVerdict) -> str:
    """Why a claim is undecided; empty where it only waits for seeds, as many others do."""
    waits = verdict.claim.is_judged and verdict.judged_at is None
    lacks = any(each.diverged or not each.effect.count for each in verdict.statements)
    return "" if waits and not lacks else verdict.reason


def list_facts(verdict: StatementVerdict) -> list[str]:
    """What else is known of a statement's effect, each in a few words."""
    statement, effect = verdict.statement, verdict.effect
    facts = []
    if interval := verdict.on_any_images:
        half = format_number(interval.half, statement.metric, statement.statistic)
        facts.append(f"± {half} over seeds and images")
    if statement.versus and effect.count > 1:
        facts.append(f"d_z {format_effect_size(effect)}")
    if not math.isnan(verdict.ahead) and effect.count > 1:
        beaten = f"one of {label(statement.versus)}" if statement.versus else "the bound"
        facts.append(
            f"a single run of {label(statement.cell)} is above {beaten} with {verdict.ahead:.0%}"
        )
    if verdict.p < 1:
        facts.append(f"p = {format_p_value(verdict.p)}".replace("= <", "<"))
    facts.append(f"{effect.count} seed{'' if effect.count == 1 else 's'}")
    if verdict.seeds_needed:
        facts.append(f"about {verdict.seeds_needed:,} seeds would decide")
    elif (
        verdict.word == "undecided"
        and effect.count > 1
        and not verdict.diverged
        and verdict.reason != UNJUDGED
    ):
        facts.append("no number of seeds up to 10,000 would decide")
    return facts


def tell_diverged(seeds: Sequence[int]) -> str:
    """Which seeds' runs diverged; of many the first ones."""
    more = ", …" if len(seeds) > NAMED else ""
    s = "s" if len(seeds) > 1 else ""
    return f"seed{s} {', '.join(map(str, seeds[:NAMED]))}{more} diverged"


def format_p_value(p: float) -> str:
    """A p-value to three digits after the point."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def format_effect_size(value: Interval) -> str:
    """Cohen's d_z of paired differences."""
    size = value.effect_size
    if math.isnan(size):
        return "–"
    return ("∞" if math.isinf(size) else f"{size:+.2f}").replace("-", MINUS)


def _name_measured(contrast: Contrast) -> str:
    return f"{name_metric(contrast.metric)}, {name_statistic(contrast.statistic)}"


def _name_cells(contrast: Contrast) -> str:
    if contrast.versus is None:
        return label(contrast.cell)
    return f"({label(contrast.cell)}) {MINUS} ({label(contrast.versus)})"


def is_difference(statement: Statement) -> bool:
    """Whether a statement's effect is in points where its metric is in %."""
    return statement.versus is not None or statement.statistic in ("swing", "gap")


def find_scale(metric: str, word: str) -> tuple[float, int, str]:
    """Factor, digits after the point, and unit of a metric's statistic."""
    metric = _strip_best(metric)
    kind = metric.split("/")[1] if "/" in metric else ""
    if kind in SHARES:
        return 100, 1, "%"
    if metric == "time/epoch_s":
        return (1 / 60, 1, "min") if word == "total" else (1, 1, "s")
    return 1, 3, ""

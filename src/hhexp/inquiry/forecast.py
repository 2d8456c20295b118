"""What a study would do next, and how long that takes by the seconds of earlier epochs."""

import functools
import math
from collections.abc import Sequence
from pathlib import Path

from hhexp.analysis.claims import judge_claims
from hhexp.analysis.metrics import measure
from hhexp.analysis.power import find_deciding_look
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select
from hhexp.analysis.study import Study
from hhexp.config.catalogue import Catalogue
from hhexp.display.durations import format_duration
from hhexp.errors import UserError
from hhexp.inquiry.asked import check_asked, find_cell
from hhexp.inquiry.conduct import is_open
from hhexp.launching.command import train
from hhexp.launching.schedule import Branch
from hhexp.launching.sweep import Sweep
from hhexp.terminal import Terminal
from hhexp.tracking.store import Store


def explain(study: Study, file: Path, catalogue: Catalogue, console: Terminal) -> None:
    """Print what the study would train and when it would stop; nothing is trained or logged.

    Raises:
        UserError: the configuration is not valid.
    """
    results = _read_results(study, file)
    look = find_next_look(study, results)
    if look is None:
        _refuse_lacking(file, results)
    for line in _describe_plan(study):
        console.print(line, soft_wrap=True)
    if look is None:
        console.print("Nothing is left to train.", soft_wrap=True)
        return
    words = [*study.words(study.planned[:look]), "explain=true"]
    check = functools.partial(check_asked, study, file)
    with Sweep(console, multirun=True, check=check) as sweep:
        train(sweep, words, catalogue)
    epochs = sum(branch.epochs for branch in sweep.branches)
    seconds = measure_branches(study, results, sweep.branches)
    for line in _describe_cost(study, look, epochs, seconds, _count_new(sweep.branches)):
        console.print(line, soft_wrap=True)


def find_next_look(study: Study, results: Results | None) -> int | None:
    """The first look that lacks runs; None where none does, or the primary claims are decided."""
    if results is None:
        return study.looks[0]
    if not is_open(judge_claims(results)):
        return None
    for look in study.looks:
        asked = set(study.planned[:look])
        if any(not asked <= results.of(cell).keys() for cell in study.cells):
            return look
    return None


def measure_branches(study: Study, results: Results | None, branches: Sequence[Branch]) -> float:
    """The seconds that the branches' epochs take, one after the other, by the median epoch of the
    runs of their cells; NaN where a cell has none."""
    total = 0.0
    for branch in branches:
        cell = find_cell(study, branch.job)
        runs = results.of(cell).values() if results and cell else ()
        known = [measure(result.history, "time/epoch_s", "median") for result in runs]
        total += branch.epochs * (sum(known) / len(known) if known else math.nan)
    return total


def _read_results(study: Study, file: Path) -> Results | None:
    """What the store has of the study; None where it has nothing."""
    try:
        return select(Store.resolve(study.shared.get("tracking.uri")), str(file))
    except UserError:
        return None


def _refuse_lacking(file: Path, results: Results | None) -> None:
    """Refuse claims that no seed can decide, as the runs do not have what they are about.

    Raises:
        UserError: there is one.
    """
    for verdict in judge_claims(results) if results else ():
        for each in verdict.statements:
            if each.lacks_metric:
                raise UserError(f"{file}: claim {verdict.claim.name}: {each.reason}")


def _describe_plan(study: Study) -> list[str]:
    """What is asked, and when the study stops."""
    primary, secondary = (
        ", ".join(claim.name for claim in claims) or "none"
        for claims in (study.primary, study.secondary)
    )
    looks = ", ".join(map(str, study.looks))
    return [
        study.title,
        f"Cells: {len(study.cells)} ({study.grid}). Looks after {looks} seeds.",
        f"Primary claims: {primary}. Secondary: {secondary}.",
        "It stops when all primary claims are decided, or after the last look.",
        describe_reach(study),
    ]


def describe_reach(study: Study) -> str:
    """Which look is the first that can decide anything."""
    if look := find_deciding_look(study):
        return f"The first look that can decide a claim is after {look} seeds."
    return "No look of this plan can decide a claim: plan more seeds, or fewer primary claims."


def _count_new(branches: Sequence[Branch]) -> int:
    """The seeds for which something is trained."""
    return len({branch.job.config.seed for branch in branches if branch.epochs})


def _describe_cost(study: Study, look: int, epochs: int, seconds: float, seeds: int) -> list[str]:
    """How long it takes until the next look, and until the last."""
    if not epochs:
        return [f"Until the look after {look} seeds: no epoch to train."]
    until = f"Until the look after {look} seeds: {epochs:,} epochs to train"
    if math.isnan(seconds):
        return [f"{until}; how long they take is not known, as no run of some cell is there."]
    lines = [f"{until}, about {format_duration(seconds)} one after the other."]
    if rest := study.looks[-1] - look:
        whole = seconds + rest * seconds / max(1, seeds)
        lines.append(f"At most, until {study.looks[-1]} seeds: about {format_duration(whole)}.")
    return lines

"""Runs that share their epochs: twenty runs may be ten trainings, and so no twenty samples."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from hhexp.analysis.metrics import LEARNED, History
from hhexp.analysis.results import Result, Results
from hhexp.tracking.tags import FIRST_STAGE


def note_shared(results: Results) -> Iterator[str]:
    """How many trainings the runs are, and which cells share theirs."""
    runs = [
        part for cell in results.cells for each in results.of(cell).values() for part in each.parts
    ]
    pairs = find_shared(runs)
    if pairs:
        yield from _note_beginnings(runs, pairs)
    yield from _note_branches(runs)


def _note_beginnings(runs: list[Result], pairs: Sequence[tuple[Result, Result]]) -> Iterator[str]:
    trainings = len(runs) - len({shorter.run.run_id for shorter, _ in pairs})
    counts = Counter((shorter.label, longer.label) for shorter, longer in pairs)
    s = "s" if trainings > 1 else ""
    yield (
        f"{len(runs):,} runs are {trainings:,} training{s}: runs of one seed that are alike up to "
        "an epoch share it, bit for bit. So cells that share trainings are no independent samples."
    )
    for (shorter, longer), count in counts.items():
        many = f"the {count:,} runs of {shorter} are" if count > 1 else f"the run of {shorter} is"
        yield f"Of these, {many} the beginning of those of {longer} with the same seeds."


def _note_branches(runs: list[Result]) -> Iterator[str]:
    """Which cells share their first epochs and then part, as those of an aug.until do."""
    found: dict[tuple[str, str], list[int]] = {}
    for group in _group(runs):
        for one, other in combinations(group, 2):
            epochs = _count_common(one.history, other.history)
            if 0 < epochs < min(_count_epochs(one.history), _count_epochs(other.history)):
                found.setdefault((one.label, other.label), []).append(epochs)
    for (first, second), shared in found.items():
        least, most = min(shared), max(shared)
        many = f"{least}" if least == most else f"{least} to {most}"
        s = "s" if len(shared) > 1 else ""
        epochs_told = "first epoch" if most == 1 else f"first {many} epochs"
        yield (
            f"{first} and {second} share their {epochs_told} with {len(shared):,} seed{s}, bit for "
            "bit: they are no independent samples."
        )


def find_shared(runs: list[Result]) -> list[tuple[Result, Result]]:
    """The pairs of a run and a longer one that goes on from its end, or one that is the same.

    Only runs with the same first stage, which holds the model, the images and the seed, can share
    epochs; they share them all exactly where all losses and accuracies are the same to the bit.
    """
    found = []
    for group in _group(runs):
        ordered = sorted(group, key=lambda run: _count_epochs(run.history))
        found += [
            (one, other)
            for one, other in combinations(ordered, 2)
            if _begins(one.history, other.history)
        ]
    return found


def _group(runs: list[Result]) -> list[list[Result]]:
    """The runs that have their first stage in common."""
    groups: dict[str, list[Result]] = {}
    for run in runs:
        if stage := run.run.tags.get(FIRST_STAGE):
            groups.setdefault(stage, []).append(run)
    return list(groups.values())


def _count_common(one: History, other: History) -> int:
    """In how many first epochs all losses and accuracies of two runs are the same."""
    pairs = [(one.get(name, ()), other.get(name, ())) for name in LEARNED]
    shortest = min(len(values) for pair in pairs for values in pair)
    differing = (epoch for epoch in range(shortest) if any(a[epoch] != b[epoch] for a, b in pairs))
    return next(differing, shortest)


def _begins(one: History, other: History) -> bool:
    """Whether a history is the beginning of another."""
    epochs = _count_epochs(one)
    return epochs > 0 and all(
        list(one.get(name, ())) == list(other.get(name, ()))[:epochs] for name in LEARNED
    )


def _count_epochs(history: History) -> int:
    return len(history.get(LEARNED[0], ()))

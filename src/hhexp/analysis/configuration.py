"""Which runs are of the same configuration, so that they may stand for each other but for the seed.

A run belongs to a study where its whole identity is that of the study's other runs, but for the
seed and what the grid varies: one that was trained with another learning rate, other images or
other code is no further seed of theirs, whatever its command line had in common with them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from hhexp.analysis.grid import FOLD, FOLDS, SEED, Cell, label, normalise
from hhexp.experiment.identity import drop_bystanders, list_differences
from hhexp.experiment.plan import join_parts
from hhexp.reading import parse_json
from hhexp.tracking.query import StoredRun
from hhexp.tracking.tags import IDENTITY

Placed = tuple[StoredRun, Cell]
"""A run, and its cell."""
Parts = dict[str, str]
"""Parts of an identity, normalised."""

NO_NUMBERS = (
    *("device", "parameters", "epochs", "objective", "modules", "reuse", "explain"),
    *("tracking", "state", "data.root", "hydra"),
)
"""Parameters that move no number, or only by the grid; where a run has no identity on record."""
PARTS = {"runtime.isa": "instruction set", "runtime.threads": "threads", "runtime.device": "device"}
PARTS |= {"runtime.precision": "precision"}
"""The parts of an identity that keys of the configuration are called otherwise in."""
DERIVED = {
    "aug": ("aug.scipy",),
    "data": ("data", "labels"),
    **dict.fromkeys(("loss", "model", "optimizer", "runtime"), ("portability",)),
}
"""Parts of an identity that follow from the keys of a group, and are none of them."""
LEFT_OUT = {"aug": {"aug.from": "1", "aug.until": "None", "aug.steps": "[]"}, "loss": {}}
"""The groups that an identity leaves out where they do nothing: images stay as they are, or the
loss is the plain cross-entropy; and the values that it leaves out of them wherever they are."""
MOST_NAMED = 4
"""Parts that a note names."""


def keep_alike(
    placed: Sequence[Placed], varied: Sequence[str], answers: Collection[str] = ()
) -> tuple[list[Placed], list[str]]:
    """The runs of the study's configuration, and a note on each of the others.

    The configuration is that of the runs by which the study was last answered; else that of most
    runs, and of two with as many the one whose last run is the newer. What a varied key brings with
    it, as one engine of the augmentation brings SciPy's version, may differ between the cells, and
    has to be the same in each.

    Args:
        placed: the runs of a study's grid.
        varied: the keys that the grid varies.
        answers: the IDs of the runs by which the study was answered, the last ones last.
    """
    rank = {run_id: number for number, run_id in enumerate(answers, start=1)}
    shared: dict[str, Parts] = {}
    brought: dict[str, Parts] = {}
    for run, _ in placed:
        shared[run.run_id], brought[run.run_id] = _divide(_strip(run, varied), varied)
    kept, notes = _keep_most(placed, shared, rank)
    cells: dict[str, list[Placed]] = defaultdict(list)
    for run, cell in kept:
        cells[label({key: value for key, value in cell.items() if key != "epochs"})].append(
            (run, cell)
        )
    alike = set()
    for members in cells.values():
        chosen, more = _keep_most(members, brought, rank)
        alike |= {run.run_id for run, _ in chosen}
        notes += more
    return [(run, cell) for run, cell in placed if run.run_id in alike], notes


def _keep_most(
    placed: Sequence[Placed], parts: Mapping[str, Parts], rank: Mapping[str, int]
) -> tuple[list[Placed], list[str]]:
    """The runs whose parts are those of the chosen configuration, and a note on each other."""
    groups: dict[str, list[Placed]] = defaultdict(list)
    for run, cell in placed:
        groups[repr(sorted(parts[run.run_id].items()))].append((run, cell))
    if len(groups) < 2:
        return list(placed), []

    def prefer(key: str) -> tuple[int, int, datetime]:
        runs = [run for run, _ in groups[key]]
        return (
            max(rank.get(run.run_id, 0) for run in runs),
            sum(run.status == "FINISHED" for run in runs),
            max(run.start for run in runs),
        )

    main = max(groups, key=prefer)
    reference = parts[groups[main][0][0].run_id]
    notes = [
        f"{label(cell)} {SEED}={run.params.get(SEED, '?')} ({run.run_id[:8]}) is not counted: it "
        "differs from the study's other runs in "
        f"{join_parts(list_differences(reference, parts[run.run_id]), MOST_NAMED)}."
        for key, group in groups.items()
        if key != main
        for run, cell in group
        if run.status == "FINISHED"
    ]
    return groups[main], notes


def _divide(identity: Parts, varied: Sequence[str]) -> tuple[Parts, Parts]:
    """The parts that all cells share, and those that a varied key may bring with it.

    A model's file is one of these: a backbone that is varied brings its own weights.
    """
    groups = {key.partition(".")[0] for key in varied}
    derived = {part for group in groups for part in DERIVED.get(group, ())}
    brought = {
        name: part
        for name, part in identity.items()
        if name in derived or (name.partition(".")[0] in groups and part.startswith("SHA-256"))
    }
    return {name: part for name, part in identity.items() if name not in brought}, brought


def _strip(run: StoredRun, varied: Sequence[str]) -> Parts:
    """A run's identity, or its parameters where it has none, but for what may vary."""
    identity = _read_identity(run) or {
        key: value
        for key, value in run.params.items()
        if key.partition(".")[0] not in NO_NUMBERS and key not in NO_NUMBERS
    }
    if run.params.get(FOLDS, "").isdigit():
        # Each fold has training images of its own: the settings stand for their fingerprint.
        settings = {key for key in run.params if key.startswith("data.")} - {FOLD, "data.root"}
        identity = {name: part for name, part in identity.items() if not _is_of(name, "data")}
        identity |= {key: run.params[key] for key in settings}
    groups = {key.partition(".")[0] for key in varied if "." in key}
    for group in groups.intersection(LEFT_OUT):
        if not any(name.startswith(f"{group}.") for name in identity):
            identity |= _restore(group, run.params)
    return {
        name: normalise(part)
        for name, part in identity.items()
        if name not in (SEED, "epochs") and not any(_is_of(name, key) for key in varied)
    }


def _restore(group: str, params: Mapping[str, str]) -> Parts:
    """The parts of a group that an identity leaves out where the group does nothing, by its
    parameters: those of another cell of a grid that varies one of them."""
    return {
        key: value
        for key, value in params.items()
        if key.startswith(f"{group}.") and value != LEFT_OUT[group].get(key)
    }


def _read_identity(run: StoredRun) -> dict[str, Any]:
    """A run's identity; empty where it has none that can be read."""
    try:
        return drop_bystanders(parse_json(run.tags.get(IDENTITY, "{}")))
    except (ValueError, TypeError, AttributeError):
        return {}


def _is_of(part: str, key: str) -> bool:
    """Whether a part of an identity follows from a key, or a group, of the configuration."""
    return part in (key, PARTS.get(key)) or part.startswith(f"{key}.")

"""Which runs are of the same configuration, so that they may stand for each other but for the seed.

A run belongs to a study where its whole identity is that of the study's other runs, but for the
seed and what the grid varies: one that was trained with another learning rate, other images or
other code is no further seed of theirs, whatever its command line had in common with them.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from hhexp.analysis.grid import FOLD, FOLDS, SEED, Cell, label, normalise
from hhexp.config.schema import Ranges
from hhexp.experiment.identity import list_differences
from hhexp.experiment.plan import join_parts
from hhexp.reading import parse_json
from hhexp.tracking.query import StoredRun
from hhexp.tracking.tags import IDENTITY

Placed = tuple[StoredRun, Cell]
"""A run, and its cell."""

NO_NUMBERS = (
    *("device", "parameters", "epochs", "objective", "modules", "reuse", "explain"),
    *("tracking", "state", "data.root", "hydra"),
)
"""Parameters that move no number, or only by the grid; where a run has no identity on record."""
PARTS = {"runtime.isa": "instruction set", "runtime.threads": "threads", "runtime.device": "device"}
PARTS |= {"runtime.precision": "precision"}
"""The parts of an identity that keys of the configuration are called otherwise in."""
PROPERTIES = {"data": ("labels",), "model": ("portability",)}
"""Parts that depend on an option of a group, and are not called by its keys."""
AUGMENTATION = frozenset(f"aug.{name}" for name in ("engine", *Ranges.model_fields))
"""The keys of an augmentation but for its first and last epoch."""
MOST_NAMED = 4
"""Parts that a note names."""


def keep_alike(
    placed: Sequence[Placed], varied: Sequence[str], answers: Collection[str] = ()
) -> tuple[list[Placed], list[str]]:
    """The runs of the study's configuration, and a note on each of the others.

    The configuration is that of the runs by which the study was last answered; else that of most
    runs, and of two with as many the one whose last run is the newer.

    Args:
        placed: the runs of a study's grid.
        varied: the keys that the grid varies.
        answers: the IDs of the runs by which the study was answered, the last ones last.
    """
    groups: dict[str, list[Placed]] = defaultdict(list)
    rest = {run.run_id: _strip(run, varied) for run, _ in placed}
    for run, cell in placed:
        groups[repr(sorted(rest[run.run_id].items()))].append((run, cell))
    if len(groups) < 2:
        return list(placed), []
    rank = {run_id: number for number, run_id in enumerate(answers, start=1)}

    def prefer(key: str) -> tuple[int, int, datetime]:
        runs = [run for run, _ in groups[key]]
        return (
            max(rank.get(run.run_id, 0) for run in runs),
            sum(run.status == "FINISHED" for run in runs),
            max(run.start for run in runs),
        )

    main = max(groups, key=prefer)
    reference = rest[groups[main][0][0].run_id]
    notes = [
        f"{label(cell)} {SEED}={run.params.get(SEED, '?')} ({run.run_id[:8]}) is not counted: it "
        "differs from the study's other runs in "
        f"{join_parts(list_differences(reference, rest[run.run_id]), MOST_NAMED)}."
        for key, group in groups.items()
        if key != main
        for run, cell in group
        if run.status == "FINISHED"
    ]
    kept = {run.run_id for run, _ in groups[main]}
    return [(run, cell) for run, cell in placed if run.run_id in kept], notes


def _strip(run: StoredRun, varied: Sequence[str]) -> dict[str, str]:
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
    if not any(name.startswith("aug.") for name in identity):
        # Without any transform it has no augmentation, of which a grid may vary a part.
        identity |= {key: run.params[key] for key in run.params if key in AUGMENTATION}
    return {
        name: normalise(part)
        for name, part in identity.items()
        if name not in (SEED, "epochs") and not any(_is_of(name, key) for key in varied)
    }


def _read_identity(run: StoredRun) -> dict[str, Any]:
    """A run's identity; empty where it has none that can be read."""
    try:
        return dict(parse_json(run.tags.get(IDENTITY, "{}")))
    except (ValueError, TypeError):
        return {}


def _is_of(part: str, key: str) -> bool:
    """Whether a part of an identity follows from a key, or a group, of the configuration."""
    return (
        part in (key, PARTS.get(key), *PROPERTIES.get(key, ()))
        or part.startswith(f"{key}.")
        or (key.startswith("aug.") and part == "scipy")
    )

"""What the doctor examines in a store, and what it can do about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hhexp.tracking.abandoned import describe_abandoned, end_abandoned, find_left
from hhexp.tracking.failed import delete_runs, find_failed
from hhexp.tracking.outbox import find_root, list_waiting
from hhexp.tracking.pruning import GB, Shelf, choose_to_drop, count_bytes, find_damaged
from hhexp.tracking.states import SavedState, drop_states
from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Remedy:
    """Something that a person can let the doctor do."""

    what: str
    """What is to be done, such as "delete 3 states"."""
    apply: Callable[[], str]
    """Does it, and says what was done."""


@dataclass(frozen=True)
class Finding:
    """What one examination of the store found."""

    lines: tuple[str, ...]
    remedy: Remedy | None = None
    """None where there is nothing to mend."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs."""


def examine(store: Store, shelf: Shelf, *, wholly: bool) -> Iterator[Finding]:
    """All that is looked at, in the order in which it is said."""
    yield _examine_waiting(store)
    yield _examine_runs(store)
    yield _examine_states(store, shelf, wholly=wholly)
    yield _weigh_states(shelf)


def _examine_waiting(store: Store) -> Finding:
    """What waits on this machine, as the store was away."""
    waiting = list_waiting(store)
    facts = {"waiting": [each.run_id for each in waiting]}
    if not waiting:
        return Finding((), facts=facts)
    said = f"what was logged of {len(waiting)} runs waits in {find_root()}; --send sends it"
    return Finding((said,), facts=facts)


def _examine_runs(store: Store) -> Finding:
    """What is RUNNING, and what of it no process trains any more."""
    left = find_left(store)
    lines = [f"{len(left.alive)} runs and sweeps in training, {len(left.abandoned)} abandoned"]
    lines += [f"  {describe_abandoned(run)}" for run in left.abandoned]
    facts = {
        "in_training": [run.run_id for run in left.alive],
        "abandoned": [run.run_id for run in left.abandoned],
    }
    if not left.abandoned:
        return Finding(tuple(lines), facts=facts)

    def end() -> str:
        return f"ended {end_abandoned(store, left.abandoned)} abandoned runs and sweeps"

    what = f"end {len(left.abandoned)} abandoned runs and sweeps as KILLED"
    return Finding(tuple(lines), Remedy(what, end), facts)


def _examine_states(store: Store, shelf: Shelf, *, wholly: bool) -> Finding:
    """The states that nothing can continue from."""
    damaged, away = find_damaged(store, shelf, wholly=wholly)
    compared = "compared by SHA-256" if wholly else "by their sizes; --wholly reads them"
    lines = [f"{len(damaged)} of {len(shelf.states)} states missing or damaged ({compared})"]
    lines += [f"  of run {state.run_id[:8]}, after epoch {state.epoch}" for state in damaged]
    if away:
        lines.append(
            f"  {len(away)} runs with states have no artifacts where the store says, such as run "
            f"{away[0][:8]} in {shelf.places[away[0]]}: is a disk not mounted, or the store moved?"
        )
    facts = {
        "damaged_states": [{"run_id": each.run_id, "epoch": each.epoch} for each in damaged],
        "runs_without_artifacts": away,
    }
    if not damaged:
        return Finding(tuple(lines), facts=facts)
    deletion = _make_deletion(store, damaged, f"{len(damaged)} damaged states")
    return Finding(tuple(lines), deletion, facts)


def _weigh_states(shelf: Shelf) -> Finding:
    """What the states take up."""
    kinds = {
        "needed": (shelf.needed, "of runs that did not finish, which go on from them"),
        "branches": (shelf.branches, "on the way of a run, where other runs can leave it"),
        "ends": (shelf.ends, "at the end of finished runs, which longer runs can continue"),
    }
    return Finding(
        tuple(
            f"{len(states)} states, {count_bytes(states) / GB:.2f} GB: {purpose}"
            for states, purpose in kinds.values()
        ),
        facts={
            "states": {
                name: {"count": len(states), "bytes": count_bytes(states)}
                for name, (states, _) in kinds.items()
            }
        },
    )


def choose_pruning(store: Store, shelf: Shelf, budget_gb: float | None) -> Remedy | None:
    """What ``--prune`` deletes; None for nothing."""
    chosen = shelf.branches if budget_gb is None else choose_to_drop(shelf, int(budget_gb * GB))
    what = f"{len(chosen)} states, {count_bytes(chosen) / GB:.2f} GB"
    return _make_deletion(store, chosen, what) if chosen else None


def choose_failed(store: Store) -> Remedy | None:
    """What ``--delete-failed`` deletes; None for nothing."""
    failed = find_failed(store)
    if not failed:
        return None
    what = f"{len(failed)} failed runs and sweeps"

    def delete() -> str:
        delete_runs(store, failed)
        return f"deleted {what}; until you call `mlflow gc`, MLflow can restore them"

    return Remedy(f"delete {what}", delete)


def _make_deletion(store: Store, states: list[SavedState], what: str) -> Remedy:

    def delete() -> str:
        drop_states(store, states)
        return f"deleted {what}"

    return Remedy(f"delete {what}", delete)

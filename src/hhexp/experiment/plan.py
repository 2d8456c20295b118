"""How to get a job's run: reuse a finished one, continue from a saved state, or train."""

import functools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hhexp.experiment.identity import Identity, list_differences
from hhexp.tracking.process import claim, describe, find_trainer
from hhexp.tracking.query import StoredRun, find_on_trajectory, find_recent
from hhexp.tracking.states import SavedState, read_state
from hhexp.tracking.store import Store
from hhexp.tracking.tags import IDENTITY

NEIGHBOURS = 50
"""Runs among which the nearest is looked for."""
CLAIM_PAUSE_S = 0.2
"""How long to wait, in seconds, until the store shows which process took a run."""


@dataclass(frozen=True)
class Plan:
    """What is done for a job, and why."""

    action: str
    """hit: a finished run is reused; resume: an interrupted run continues under its ID; continue: a
    new run starts from a saved state of its trajectory; train: from scratch."""
    run_id: str | None = None
    """The run that is reused (hit) or continues (resume)."""
    states: tuple[SavedState, ...] = ()
    """The states to start from: the first that is whole."""
    notes: tuple[str, ...] = ()
    """Why more must be trained than the store might suggest."""

    @property
    def state(self) -> SavedState | None:
        """The state to start from."""
        return self.states[0] if self.states else None

    @property
    def first_epoch(self) -> int:
        """The first epoch that is to be trained, from 1."""
        return self.state.epoch + 1 if self.state else 1

    def __str__(self) -> str:
        if self.action == "hit":
            return f"hit: reuses the finished run {self.run_id}"
        start = f"from {describe_state(self.state)}" if self.state else "from scratch"
        if self.action == "resume":
            start = f"run {str(self.run_id)[:8]} continues {start}"
        return "; ".join([f"{self.action}: {start}", *self.notes])

    def without_state(self) -> "Plan":
        """The plan where the state to start from turned out to be missing or damaged."""
        assert self.state is not None
        note = f"{describe_state(self.state)} is missing or damaged"
        left = self.states[1:]
        action = "train" if self.action == "continue" and not left else self.action
        return replace(self, action=action, states=left, notes=(*self.notes, note))


def describe_state(state: SavedState) -> str:
    """A state for people."""
    return f"the state of run {state.run_id[:8]} after epoch {state.epoch}"


def make_plan(store: Store, trajectory: str, epochs: int, *, reuse: bool = True) -> Plan:
    """Look in the store for a run or state that a job can reuse; never those of reproductions.

    Args:
        store: where the runs are.
        trajectory: the job's.
        epochs: how many it asks for.
        reuse: whether runs and states may be used at all.
    """
    if not reuse:
        return Plan("train")
    ordinary = [run for run in find_on_trajectory(store, trajectory) if run.kind == "run"]
    busy = {run.run_id: name for run in ordinary if (name := find_trainer(run.status, run.tags))}
    runs = [run for run in ordinary if run.run_id not in busy]
    same = [run for run in runs if run.params.get("epochs") == str(epochs)]
    if done := [run for run in same if run.status == "FINISHED"]:
        return Plan("hit", done[-1].run_id)
    found = [state for run in runs if (state := read_state(run)) and state.epoch <= epochs]
    states = tuple(sorted(found, key=lambda state: state.epoch, reverse=True))
    notes = tuple(
        f"run {run_id[:8]} is not used: {describe(name)}" for run_id, name in busy.items()
    )
    if same:
        return Plan("resume", same[-1].run_id, states, notes)
    return Plan("continue" if states else "train", None, states, notes)


def claim_plan(store: Store, trajectory: str, epochs: int, *, reuse: bool = True) -> Plan:
    """The plan for the process that carries it out; it then owns the run that continues."""
    while True:
        chosen = make_plan(store, trajectory, epochs, reuse=reuse)
        if chosen.action != "resume" or claim(store, str(chosen.run_id)):
            return chosen
        time.sleep(CLAIM_PAUSE_S)


def explain_miss(store: Store, identity: Identity) -> str:
    """Which parts of the identity differ from those of the nearest run in the store."""
    nearest: tuple[list[str], StoredRun] | None = None
    for run in _find_neighbours(store):
        known = run.tags.get(IDENTITY)
        if known is None:
            continue
        differing = list_differences(json.loads(known), identity)
        if nearest is None or len(differing) < len(nearest[0]):
            nearest = differing, run
    if nearest is None:
        return "the store has no run to compare with"
    differing, run = nearest
    return f"nearest run {run.run_id[:8]} ({run.name}) differs in: {join_parts(differing)}"


@functools.cache
def _find_neighbours(store: Store) -> list[StoredRun]:
    """The runs that a job is compared with: the same for all jobs of a sweep."""
    return find_recent(store, NEIGHBOURS)


def join_parts(parts: Sequence[str], most: int = 8) -> str:
    """Parts as one line, cut where there are many."""
    rest = len(parts) - most
    return "; ".join(parts[:most]) + (f"; and {rest} more" if rest > 0 else "")

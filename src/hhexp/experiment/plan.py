"""How a job is to be answered: by a finished run, from a saved state, or by training."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.experiment.identity import Identity, listed_differences
from hhexp.tracking.process import is_alive
from hhexp.tracking.query import RunRecord, of_trajectory, recent
from hhexp.tracking.states import StateRecord, recorded
from hhexp.tracking.store import Store

NEIGHBOURS = 50
"""Runs among which the nearest is looked for."""


@dataclass(frozen=True)
class Plan:
    """What is done for a job, and why."""

    action: str
    """hit: a finished run answers; resume: an interrupted run goes on under its ID; continue: a new
    run starts from a saved state of its trajectory; train: from nothing."""
    run_id: str | None = None
    """The run that answers (hit) or goes on (resume)."""
    state: StateRecord | None = None
    """The state to start from."""

    @property
    def first_epoch(self) -> int:
        """The first epoch that is to be trained, from 1."""
        return self.state.epoch + 1 if self.state else 1

    def __str__(self) -> str:
        if self.action == "hit":
            return f"hit: answered by run {self.run_id}"
        start = "from nothing"
        if self.state:
            start = f"from the state of run {self.state.run_id[:8]} after epoch {self.state.epoch}"
        if self.action == "resume":
            return f"resume: run {str(self.run_id)[:8]} goes on {start}"
        return f"{self.action}: {start}"


def plan(store: Store, trajectory: str, epochs: int, *, reuse: bool = True) -> Plan:
    """Look into the store for what can answer a job, or start it.

    Args:
        store: where the runs are.
        trajectory: the job's.
        epochs: how many it asks for.
        reuse: whether runs and states may be used at all.
    """
    if not reuse:
        return Plan("train")
    runs = [run for run in of_trajectory(store, trajectory) if not _is_trained_elsewhere(run)]
    same = [run for run in runs if run.params.get("epochs") == str(epochs)]
    if done := [run for run in same if run.status == "FINISHED"]:
        return Plan("hit", done[-1].run_id)
    states = [state for run in runs if (state := recorded(run)) and state.epoch <= epochs]
    newest = max(states, key=lambda state: state.epoch, default=None)
    if broken := [run for run in same if run.status != "FINISHED"]:
        return Plan("resume", broken[-1].run_id, newest)
    return Plan("continue", state=newest) if newest else Plan("train")


def _is_trained_elsewhere(run: RunRecord) -> bool:
    """Whether another process is still training the run."""
    return run.status == "RUNNING" and is_alive(run.tags.get("hhexp.process"))


def why_not(store: Store, identity: Identity) -> str:
    """Which parts of the identity differ from those of the nearest run in the store."""
    nearest: tuple[list[str], RunRecord] | None = None
    for run in recent(store, NEIGHBOURS):
        known = run.tags.get("hhexp.identity")
        if known is None:
            continue
        differing = listed_differences(json.loads(known), identity)
        if nearest is None or len(differing) < len(nearest[0]):
            nearest = differing, run
    if nearest is None:
        return "no run in the store to compare with"
    differing, run = nearest
    return f"nearest run {run.run_id[:8]} ({run.name}) differs in: {listed(differing)}"


def listed(parts: Sequence[str], most: int = 8) -> str:
    """Parts as one line, cut where there are many."""
    rest = len(parts) - most
    return "; ".join(parts[:most]) + (f"; and {rest} more" if rest > 0 else "")

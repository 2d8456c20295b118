"""What was left RUNNING by a process that is gone: runs, reproductions and sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hhexp.tracking.claims import claim, is_settled, withdraw
from hhexp.tracking.query import StoredRun, find_running
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import read_states
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMMAND, HEARTBEAT, SEARCH
from hhexp.tracking.watch import Watch


@dataclass(frozen=True)
class Left:
    """What is RUNNING in a store, by whether its process is alive."""

    alive: tuple[StoredRun, ...]
    abandoned: tuple[StoredRun, ...]


def find_left(store: Store) -> Left:
    """All that is RUNNING, as one look tells (see ``Watch``): an owner elsewhere that was heard of
    within the last hour counts as alive."""
    watch = Watch()
    alive: list[StoredRun] = []
    abandoned: list[StoredRun] = []
    for run in find_running(store):
        trainer = watch.find_trainer(run.run_id, run.status, run.tags)
        (alive if trainer else abandoned).append(run)
    return Left(tuple(alive), tuple(abandoned))


def describe_abandoned(run: StoredRun) -> str:
    """What can become of an abandoned run, after its name and ID."""
    heard = read_heartbeat(run)
    since = f", last heard of {heard:%Y-%m-%d %H:%M} UTC" if heard else ""
    return f"{run.kind} {run.run_id[:8]} ({run.name}){since}: {_say_what_can_be(run)}"


def _say_what_can_be(run: StoredRun) -> str:
    if not is_settled(run):
        return "nothing was logged in it"
    if SEARCH in run.tags:
        return "the same command goes on with it"
    if run.kind != "run":
        return "the same command starts a new one"
    states = read_states(run)
    where = f"after epoch {states[-1].epoch}" if states else "from scratch, as it has no state"
    return f"the same command continues it {where}"


def read_heartbeat(run: StoredRun) -> datetime | None:
    """When a run's owner last said that it is alive, in UTC, by its own clock."""
    try:
        return datetime.fromtimestamp(float(run.tags.get(HEARTBEAT, "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def end_same_sweeps(store: Store, command: str) -> None:
    """End what a killed process has left of the sweep that a command starts again."""
    left = find_left(store).abandoned
    end_abandoned(store, [run for run in left if run.tags.get(COMMAND) == command])


def end_abandoned(store: Store, runs: Sequence[StoredRun]) -> int:
    """End abandoned runs as KILLED, from where the same commands can still continue them.

    Each is claimed first, so that no process that takes it just now is disturbed. One in which
    nothing was logged is deleted.

    Returns:
        how many were ended or deleted.
    """
    watch, ended = Watch(), 0
    for run in runs:
        if not is_settled(run):
            withdraw(store, run.run_id)
        elif claim(store, run.run_id, watch):
            TrackedRun(store, run.run_id).finish("KILLED", None)
        else:
            continue
        ended += 1
    return ended

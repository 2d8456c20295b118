"""Which saved states may go: what they take on disk is bounded, and nothing that trains needs them.

A run that has not finished keeps its newest state, from which it goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hhexp.tracking.query import StoredRun, find_trained
from hhexp.tracking.states import SavedState, drop_states, fetch_state, list_sizes, read_states
from hhexp.tracking.store import Store

GB = 10**9


@dataclass
class Shelf:
    """All saved states of a store, by what becomes of them, the oldest runs' first."""

    needed: list[SavedState] = field(default_factory=list)
    """The newest of runs that are not finished."""
    branches: list[SavedState] = field(default_factory=list)
    """Those on the way of a run: others may leave it there."""
    ends: list[SavedState] = field(default_factory=list)
    """The last ones of finished runs, and of those that a search has stopped: a longer run may
    continue them."""
    places: dict[str, str] = field(default_factory=dict)
    """The addresses of the artifacts, by the runs' IDs."""

    @property
    def states(self) -> list[SavedState]:
        """All states."""
        return [*self.needed, *self.branches, *self.ends]

    @property
    def size(self) -> int:
        """Bytes of all states."""
        return count_bytes(self.states)


def read_shelf(store: Store) -> Shelf:
    """The states of all runs in a store."""
    shelf = Shelf()
    for run in find_trained(store):
        _put(shelf, run)
    return shelf


def choose_to_drop(shelf: Shelf, budget: int) -> list[SavedState]:
    """The states that go so that no more than ``budget`` bytes are left, where that can be had.

    The branches go first, the oldest before the others.

    Args:
        shelf: all states.
        budget: in bytes.
    """
    chosen: list[SavedState] = []
    left = shelf.size
    for state in [*shelf.branches, *shelf.ends]:
        if left <= budget:
            break
        chosen.append(state)
        left -= state.size
    return chosen


def keep_within(store: Store, budget: int) -> int:
    """Delete states until a store's take no more than ``budget`` bytes; how many were deleted."""
    chosen = choose_to_drop(read_shelf(store), budget)
    drop_states(store, chosen)
    return len(chosen)


def find_damaged(store: Store, shelf: Shelf, *, wholly: bool) -> tuple[list[SavedState], list[str]]:
    """The states whose file is gone or is not what was logged: they count for nothing.

    Args:
        store: where they are.
        shelf: all states.
        wholly: read each file and compare its SHA-256; else only its size is compared.

    Returns:
        the states; and the IDs of runs whose artifacts are all away, which says nothing of them.
    """
    sizes = {run_id: list_sizes(store, place) for run_id, place in shelf.places.items()}
    damaged = []
    for state in shelf.states:
        known = sizes[state.run_id]
        if known is not None and (
            known.get(state.path) != state.size or (wholly and fetch_state(store, state) is None)
        ):
            damaged.append(state)
    return damaged, [run_id for run_id, known in sizes.items() if known is None]


def count_bytes(states: Iterable[SavedState]) -> int:
    """What states take on disk, in bytes."""
    return sum(state.size for state in states)


def _put(shelf: Shelf, run: StoredRun) -> None:
    states = read_states(run)
    shelf.branches += states[:-1]
    if states:
        shelf.places[run.run_id] = run.artifacts
    ended = run.outcome in ("FINISHED", "STOPPED")
    (shelf.ends if ended else shelf.needed).extend(states[-1:])

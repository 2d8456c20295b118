"""Saved states keep within a bound, and what an unfinished run needs stays."""

import pytest

from hhexp.tracking.pruning import keep_within, read_shelf
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import find_states
from hhexp.tracking.store import Store


def started(store: Store, *epochs: int, kind: str = "run") -> TrackedRun:
    """A run with states of ten bytes each."""
    run = TrackedRun.start(store, "study", "run", None, {"hhexp.kind": kind})
    for epoch in epochs:
        run.log_state(b"0123456789", epoch, "stage", stays=True)
    return run


@pytest.fixture
def runs(store: Store) -> list[TrackedRun]:
    """A finished run with three states, an interrupted one with two, and a reproduction."""
    finished, interrupted = started(store, 1, 2, 3), started(store, 4, 5)
    finished.finish("FINISHED", None)
    interrupted.finish("KILLED", None)
    started(store, 6, kind="reproduction").finish("FINISHED", None)
    return [finished, interrupted]


def epochs(run: TrackedRun) -> list[int]:
    return [state.epoch for state in find_states(run.store, run.run_id)]


def test_states_are_told_apart_by_what_needs_them(store: Store, runs: list[TrackedRun]) -> None:
    shelf = read_shelf(store)
    assert [state.epoch for state in shelf.needed] == [5]
    assert [state.epoch for state in shelf.branches] == [1, 2, 4]
    assert [state.epoch for state in shelf.ends] == [3]
    assert shelf.size == 50


@pytest.mark.parametrize(
    ("budget", "left", "left_of_the_interrupted"),
    [(50, [1, 2, 3], [4, 5]), (49, [2, 3], [4, 5]), (25, [3], [5]), (0, [], [5])],
)
def test_the_oldest_go_first_and_what_is_needed_stays(
    store: Store, runs: list[TrackedRun], budget: int, left: list[int],
    left_of_the_interrupted: list[int],
) -> None:  # fmt: skip
    keep_within(store, budget)
    assert [epochs(run) for run in runs] == [left, left_of_the_interrupted]

"""A search's trials are kept on its run, found again, and taken up by one process."""

import pytest

from hhexp.errors import UserError
from hhexp.tracking.heartbeat import make_owner_tags
from hhexp.tracking.query import find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import PROCESS, TRIAL
from hhexp.tracking.trials import (
    StoredTrial,
    find_search,
    make_search_tags,
    read_trials,
    take_up_search,
    write_trial,
)

ASKED = StoredTrial(state="asked", params={"lr.value": 1.0, "units": 8, "aug": "flip"})
OTHER = "another.machine 4711 x"
DONE = StoredTrial(state="complete", params={"a": 0.1}, run_id="f" * 32, epochs=3, value=1 / 3)


def start(store: Store, sha256: str = "a" * 64) -> TrackedRun:
    return TrackedRun.start(store, "study", "search", None, make_search_tags(sha256, {"seed": 0}))


def test_trials_come_back_as_they_were_by_their_numbers(store: Store) -> None:
    search = start(store)
    for number, trial in enumerate([ASKED, DONE, *[ASKED] * 10]):
        write_trial(search, number, trial)
    write_trial(search, 0, DONE)
    found = read_trials(find_run(store, search.run_id))
    assert found == [DONE, DONE, *[ASKED] * 10]
    assert [type(value) for value in found[2].params.values()] == [float, int, str]
    assert [trial.ended for trial in found[1:3]] == [True, False]


@pytest.mark.parametrize("text", ["{", "{}", '{"state": "won", "params": {}}', "[1]"])
def test_an_edited_trial_is_refused_in_one_line(store: Store, text: str) -> None:
    search = start(store)
    search.set_tags({f"{TRIAL}0": text})
    with pytest.raises(UserError, match=f"a trial of the search {search.run_id} was edited"):
        read_trials(find_run(store, search.run_id))


def test_the_newest_search_that_was_asked_for_the_same_is_found(store: Store) -> None:
    start(store, "b" * 64)
    start(store)
    newest = start(store)
    found = find_search(store, "a" * 64)
    assert found and found.run_id == newest.run_id
    assert find_search(store, "c" * 64) is None


@pytest.mark.parametrize("status", ["RUNNING", "KILLED", "FAILED", "FINISHED"])
def test_a_search_that_no_process_has_is_taken_up(store: Store, status: str) -> None:
    search = start(store)
    store.client().update_run(search.run_id, status=status)
    taken = take_up_search(store, find_run(store, search.run_id))
    run = find_run(store, search.run_id)
    assert (taken.run_id, run.status) == (search.run_id, "RUNNING")
    assert run.tags[PROCESS] == make_owner_tags()[PROCESS]
    taken.finish("KILLED", None)


def test_a_search_that_another_process_has_is_left_to_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = start(store)
    search.set_tags({**make_owner_tags(), PROCESS: OTHER})
    monkeypatch.setattr("hhexp.tracking.watch.is_running", lambda owner: owner == OTHER)
    with pytest.raises(UserError, match=f"this search is run {search.run_id[:8]}, and .*: wait"):
        take_up_search(store, find_run(store, search.run_id))

"""Runs read back."""

import math
from typing import Any

import pytest

from hhexp.errors import UserError
from hhexp.tracking import query
from hhexp.tracking.answers import find_answering, find_sweep_runs, make_answer_tags, read_answers
from hhexp.tracking.query import (
    NoSuchRunError,
    StoredRun,
    find_children,
    find_recent,
    find_run,
    find_runs,
    read_histories,
)
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND


def test_a_run_is_found_by_its_id_or_a_beginning(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "sweep", None, {"hhexp.kind": "sweep"})
    run = TrackedRun.start(store, "another study", "epochs=15", parent.run_id)
    run.log_params({"epochs": 15})
    run.finish("FINISHED", None)
    for asked in (run.run_id, run.run_id[:12], run.run_id[:12].upper()):
        found = find_run(store, asked)
        assert found.run_id == run.run_id
    assert (found.name, found.status, found.params) == ("epochs=15", "FINISHED", {"epochs": "15"})
    assert found.parent_id == parent.run_id
    assert found.end is not None
    assert found.end >= found.start
    assert find_run(store, parent.run_id).end is None
    assert find_run(store, parent.run_id).tags["hhexp.kind"] == "sweep"


@pytest.fixture(params=[True, False], ids=["file", "server"])
def any_store(
    request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """The store, once as the file that it is, and once as if only MLflow could read it."""
    TrackedRun.start(store, "study", "a run")
    monkeypatch.setattr(Store, "is_sqlite", property(lambda _: request.param))
    return store


@pytest.mark.parametrize("place", [0, 5, 6, 11])
def test_an_unknown_run_is_said_with_the_store_and_a_near_one(any_store: Store, place: int) -> None:
    run_id = TrackedRun.start(any_store, "study", "a").run_id
    wrong = run_id[:place] + ("0" if run_id[place] != "0" else "1") + run_id[place + 1 : 12]
    with pytest.raises(NoSuchRunError, match=f"no run in sqlite:.* did you mean {run_id[:12]}"):
        find_run(any_store, wrong)


def test_an_unknown_run_is_not_looked_for_among_all(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        TrackedRun.start(any_store, "study", f"run {number}")
    fetched = note_fetches(monkeypatch)
    with pytest.raises(NoSuchRunError, match=r"starts with 0{32}$"):
        find_run(any_store, "0" * 32)
    assert len(fetched) <= 1


def test_a_store_without_runs_is_said(store: Store) -> None:
    with pytest.raises(NoSuchRunError, match=r"starts with abcdef; it has no runs$"):
        find_run(store, "abcdef")


def test_a_run_that_was_deleted_is_unknown(any_store: Store) -> None:
    run_id = TrackedRun.start(any_store, "study", "a").run_id
    any_store.client().delete_run(run_id)
    with pytest.raises(NoSuchRunError):
        find_run(any_store, run_id)


def note_fetches(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The runs that MLflow gives from here on."""
    fetched: list[object] = []
    read_run = query._read_run

    def note(run: Any) -> StoredRun:
        fetched.append(run)
        return read_run(run)

    monkeypatch.setattr(query, "_read_run", note)
    return fetched


def test_what_is_no_id_is_refused(store: Store) -> None:
    with pytest.raises(
        UserError, match=r"'latest' is not a run ID \(32 hex digits, or the first of them\)"
    ):
        find_run(store, "latest")


def test_an_ambiguous_beginning_is_refused(any_store: Store) -> None:
    store = any_store
    ids = [TrackedRun.start(store, "study", f"run {number}").run_id for number in range(17)]
    firsts = [run_id[0] for run_id in ids]
    shared = next(first for first in firsts if firsts.count(first) > 1)  # 17 IDs, 16 digits
    with pytest.raises(
        UserError, match=rf"runs in .* have an ID that starts with {shared}: .*\(run \d+\)"
    ) as error:
        find_run(store, shared)
    assert not isinstance(error.value, NoSuchRunError)
    with pytest.raises(UserError, match=f"ID that starts with {shared}"):
        find_sweep_runs(store, shared)
    assert find_sweep_runs(store, "0" * 32) == find_sweep_runs(store, ids[0]) == []


def test_children_come_in_the_order_of_their_start(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "sweep")
    names = [TrackedRun.start(store, "study", n, parent.run_id) for n in ("a", "b", "c")]
    TrackedRun.start(store, "study", "alone")
    assert [child.run_id for child in find_children(store, parent.run_id)] == [
        n.run_id for n in names
    ]
    assert find_children(store, names[0].run_id) == []


def test_histories_run_from_epoch_one_and_keep_the_last_of_a_retrained_epoch(store: Store) -> None:
    run = TrackedRun.start(store, "study", "a")
    for epoch, loss in ((1, 0.9), (2, 0.8), (2, 0.7), (4, 0.5)):
        run.log_epoch(epoch, {"val/loss": loss})
    run.log_epoch(1, {"lr": 0.001})
    histories = read_histories(store, run.run_id)
    assert histories["lr"] == [0.001]
    assert histories["val/loss"][:2] == [0.9, 0.7]
    assert math.isnan(histories["val/loss"][2])
    assert histories["val/loss"][3] == 0.5


def test_a_sweep_of_any_size_lists_each_of_its_runs_once(store: Store) -> None:
    ids = [f"{number:032x}" for number in range(400)]
    sweep = TrackedRun.start(store, "study", "sweep")
    sweep.set_tags(make_answer_tags([*ids, ids[7]]))
    assert read_answers(find_run(store, sweep.run_id)) == ids
    assert read_answers(find_run(store, TrackedRun.start(store, "study", "none").run_id)) == []


def test_a_study_that_was_ended_in_a_look_has_the_finished_runs_of_its_sweeps(store: Store) -> None:
    study = TrackedRun.start(store, "x", "study", tags={KIND: "study"})
    made = []
    for status in ("FINISHED", "KILLED"):
        sweep = TrackedRun.start(store, "x", "sweep", study.run_id, {KIND: "sweep"})
        for _ in range(2):
            made.append(TrackedRun.start(store, "x", "run", sweep.run_id, {KIND: "run"}))
            made[-1].finish(status, None)
    ids = [run.run_id for run in made]
    assert find_sweep_runs(store, study.run_id) == ids[:2]
    assert [run.run_id for run in find_answering(store, find_run(store, study.run_id))] == ids
    study.set_tags(make_answer_tags(ids[:1]))
    assert find_sweep_runs(store, study.run_id) == ids[:1]


def test_runs_come_in_the_order_of_their_ids(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "IDS", 2)
    ids = [TrackedRun.start(store, "study", f"run {number}").run_id for number in range(5)]
    asked = [ids[3], ids[0], ids[4]]
    assert [run.run_id for run in find_runs(store, asked)] == asked
    assert find_runs(store, []) == []
    with pytest.raises(NoSuchRunError, match=r"has no run 0{32}$"):
        find_runs(store, [ids[1], "0" * 32])


def test_no_more_runs_are_fetched_than_are_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "PAGE", 2)
    runs = [TrackedRun.start(store, "study", str(n), None, {"hhexp.kind": "run"}) for n in range(5)]
    assert {run.run_id for run in find_recent(store, 9)} == {run.run_id for run in runs}
    fetched = note_fetches(monkeypatch)
    assert len(find_recent(store, 3)) == 3
    assert len(fetched) == 3


def test_a_deleted_run_is_said_to_be_deleted_and_how_to_restore_it(store: Store) -> None:
    run = TrackedRun.start(store, "study", "a sweep")
    store.client().delete_run(run.run_id)
    restore = f"mlflow runs restore --run-id {run.run_id}'$"
    with pytest.raises(NoSuchRunError, match=f"run {run.run_id} was deleted from .*{restore}"):
        find_run(store, run.run_id[:8])

"""The doctor says what was left behind or takes up room, and mends what the person confirms."""

import os
import time
from typing import Any

import pytest

from hhexp import doctor
from hhexp.tracking.process import name_process
from hhexp.tracking.query import find_running
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import find_states
from hhexp.tracking.store import Store
from hhexp.tracking.tags import HEARTBEAT, OPENED, PROCESS


@pytest.fixture
def run(store: Store) -> TrackedRun:
    """A finished run with two states."""
    run = TrackedRun.start(store, "study", "run", None, {"hhexp.kind": "run"})
    for epoch in (1, 2):
        run.log_state(b"0123456789", epoch, "stage", stays=True)
    run.finish("FINISHED", None)
    return run


def call(run: TrackedRun, *words: str) -> int:
    return doctor.main([*words, "--tracking-uri", run.store.uri])


def epochs(run: TrackedRun) -> list[int]:
    return [state.epoch for state in find_states(run.store, run.run_id)]


def test_it_says_what_there_is_and_deletes_nothing_by_itself(run: TrackedRun, capsys: Any) -> None:
    assert call(run) == 0
    said = capsys.readouterr().out
    assert "0 states, 0.00 GB: of runs that did not finish" in said
    assert "1 states, 0.00 GB: on the way of a run" in said
    assert epochs(run) == [1, 2]


def test_it_prunes_what_is_on_the_way_or_as_much_as_asked(run: TrackedRun, capsys: Any) -> None:
    assert call(run, "--prune", "--yes") == 0
    assert epochs(run) == [2]
    assert call(run, "--prune", "--yes") == 0
    assert "nothing to delete" in capsys.readouterr().out
    assert call(run, "--prune", "--yes", "--budget-gb", "0") == 0
    assert epochs(run) == []


def test_it_does_not_delete_unasked(
    run: TrackedRun, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(run, "--prune") == 2
    assert "this would delete 1 states, 0.00 GB; agree with --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.console.Console.input", lambda *_, **__: "n")
    assert call(run, "--prune") == 2
    assert epochs(run) == [1, 2]


def left_running(store: Store, kind: str, owner: str, **tags: str) -> TrackedRun:
    known = {"hhexp.kind": kind, PROCESS: owner, HEARTBEAT: str(time.time()), **tags}
    return TrackedRun.start(store, "study", f"a {kind}", None, known)


HERE = name_process(os.getppid())
"""A process that runs."""
GONE = HERE.replace(HERE.split(" ")[2], "1.00")
"""One that has ended."""


def test_what_a_dead_process_left_is_said_and_ended_where_the_person_agrees(
    store: Store, capsys: Any
) -> None:
    run = left_running(store, "run", GONE)
    run.log_state(b"state", 7, "stage")
    fresh = left_running(store, "run", "box 1 1 there token", **{HEARTBEAT: "1700000000"})
    opened = left_running(store, "run", GONE, **{OPENED: "1"})
    sweep = left_running(store, "sweep", GONE)
    training = left_running(store, "run", HERE)
    elsewhere = left_running(store, "sweep", "box 1 1 there token")
    TrackedRun.start(store, "study", "not made by hhexp")
    assert call(run) == 0
    said = capsys.readouterr().out
    assert "2 runs and sweeps in training, 4 abandoned" in said
    assert f"  run {run.run_id[:8]} (a run), last heard of 20" in said
    assert "UTC: the same command continues it after epoch 7\n" in said
    assert "last heard of 2023-11-14 22:13 UTC: the same command continues it from scr" in said
    assert "nothing was logged in it" in said
    assert f"  sweep {sweep.run_id[:8]} (a sweep)" in said
    assert len(find_running(store)) == 6
    assert call(run, "--mend") == 2
    said = capsys.readouterr().err
    assert "this would end 4 abandoned runs and sweeps as KILLED; agree with --yes" in said
    assert call(run, "--mend", "--yes") == 0
    assert "ended 4 abandoned runs and sweeps" in capsys.readouterr().out
    assert [each.run_id for each in find_running(store)] == [training.run_id, elsewhere.run_id]
    info = {each: store.client().get_run(each.run_id).info for each in (run, fresh, sweep, opened)}
    assert [info[each].status for each in (run, fresh, sweep)] == ["KILLED"] * 3
    assert info[opened].lifecycle_stage == "deleted"
    assert call(run, "--mend", "--yes") == 0
    assert "nothing to mend" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words", "found"),
    [
        (None, [], [1]),
        (b"012345", [], [1]),
        (b"9876543210", [], []),
        (b"9876543210", ["--wholly"], [1]),
    ],
)
def test_a_damaged_state_is_found_and_deleted_where_the_person_agrees(
    run: TrackedRun, content: bytes | None, words: list[str], found: list[int], capsys: Any
) -> None:
    path = run.store.artifacts.rglob("epoch-00001.npz")
    (file,) = path
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert call(run, *words) == 0
    said = capsys.readouterr().out
    assert f"{len(found)} of 2 states missing or damaged" in said
    assert (f"  of run {run.run_id[:8]}, after epoch 1" in said) is bool(found)
    assert call(run, "--mend", "--yes", *words) == 0
    assert epochs(run) == ([2] if found else [1, 2])


def test_states_whose_disk_is_not_there_are_not_taken_for_damaged(
    run: TrackedRun, capsys: Any
) -> None:
    run.store.artifacts.rename(run.store.artifacts.with_name("away"))
    assert call(run, "--mend", "--yes", "--wholly") == 0
    said = capsys.readouterr().out
    assert "0 of 2 states missing or damaged" in said
    assert "1 runs with states have no artifacts where the store says" in said
    assert epochs(run) == [1, 2]


def test_each_mending_is_asked_for(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    left_running(run.store, "sweep", GONE)
    for file in run.store.artifacts.rglob("*.npz"):
        file.unlink()
    asked = []

    def answer(_: Any, question: Any, **__: Any) -> str:
        asked.append(str(question))
        return "n" if "KILLED" in str(question) else "y"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.console.Console.input", answer)
    assert call(run, "--mend") == 0
    assert [question.partition("?")[0] for question in asked] == [
        "End 1 abandoned runs and sweeps as KILLED", "Delete 2 damaged states",
    ]  # fmt: skip
    assert (len(find_running(run.store)), epochs(run)) == (1, [])


@pytest.mark.parametrize("budget", ["-1", "much", "inf", "nan"])
def test_a_budget_is_a_number(run: TrackedRun, budget: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        call(run, "--prune", "--budget-gb", budget)
    assert ended.value.code == 2
    assert f"{budget}: must be a number" in capsys.readouterr().err


def test_failed_runs_are_deleted_and_interrupted_ones_stay(run: TrackedRun, capsys: Any) -> None:
    def end(kind: str, status: str, parent: str | None = None) -> TrackedRun:
        ended = TrackedRun.start(run.store, "study", kind, parent, {"hhexp.kind": kind})
        ended.finish(status, None)
        return ended

    lost, half = end("sweep", "FAILED"), end("sweep", "FAILED")
    gone = [lost, end("run", "FAILED", lost.run_id), end("run", "FAILED", half.run_id)]
    kept = [half, end("run", "FINISHED", half.run_id), end("run", "KILLED"), run]
    assert call(run, "--delete-failed") == 2
    assert "this would delete 3 failed runs and sweeps; agree with --yes" in capsys.readouterr().err
    assert call(run, "--delete-failed", "--yes") == 0
    assert "deleted 3 failed runs and sweeps" in capsys.readouterr().out
    client = run.store.client()
    stages = {each.run_id: client.get_run(each.run_id).info.lifecycle_stage for each in gone + kept}
    assert [stages[each.run_id] for each in gone] == ["deleted"] * 3
    assert [stages[each.run_id] for each in kept] == ["active"] * 4
    assert call(run, "--delete-failed") == 0
    assert "no failed runs" in capsys.readouterr().out


def test_it_says_what_the_machine_is(run: TrackedRun, capsys: Any) -> None:
    assert call(run) == 0
    said = capsys.readouterr().out
    assert said.startswith("hhexp ") and "instruction set" in said and "a run's bits: " in said
    assert f"store: {run.store}" in said

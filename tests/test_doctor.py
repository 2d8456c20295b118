"""The doctor says what saved states take up, and deletes what the person lets go."""

from typing import Any

import pytest

from hhexp import doctor
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import find_states
from hhexp.tracking.store import Store


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


@pytest.mark.parametrize("budget", ["-1", "much", "inf", "nan"])
def test_a_budget_is_a_number(run: TrackedRun, budget: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        call(run, "--prune", "--budget-gb", budget)
    assert ended.value.code == 2
    assert f"{budget}: must be a number" in capsys.readouterr().err

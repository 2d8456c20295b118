"""A report ranks a search's trials, and says where a tuned side is compared with an untuned one."""

from collections.abc import Mapping

import pytest

from hhexp.analysis.searches import note_search, note_tuning, read_search
from hhexp.analysis.selection import select
from hhexp.errors import UserError
from hhexp.tracking.query import StoredRun, find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES, SEARCH_SETTINGS, STOPPED
from hhexp.tracking.trials import StoredTrial, make_search_tags, write_trial

BASE = {"aug": "none", "epochs": "5", "seed": "0", "optimizer": "rmsprop", "tracking.uri": "x"}


def make_run(
    store: Store, params: Mapping[str, str], parent: str | None = None, stopped: str = ""
) -> StoredRun:
    """A run that has ended, with accuracies of two epochs."""
    words = " ".join(f"{key}={value}" for key, value in params.items())
    tags = {KIND: "run", OVERRIDES: words, **({STOPPED: stopped} if stopped else {})}
    run = TrackedRun.start(store, "study", words, parent, tags)
    run.log_params({**BASE, **params})
    run.log_history(1, [{"val/accuracy": 0.5}, {"val/accuracy": 0.6}])
    run.finish("KILLED" if stopped else "FINISHED", None)
    return find_run(store, run.run_id)


def make_search(store: Store, values: list[float | None], objective: str = "val/accuracy") -> str:
    """A search over the learning rate whose trials came to these values; None for pruned ones."""
    settings = {"objective": objective, "space": {"lr.value": "…"}, "seed": 0}
    tags = {KIND: "sweep", **make_search_tags("a" * 64, settings)}
    search = TrackedRun.start(store, "study", "search", None, tags)
    for number, value in enumerate(values):
        rate = (number + 1) / 10
        why = "" if value is not None else "pruned after epoch 1"
        run = make_run(store, {"lr.value": str(rate)}, search.run_id, why)
        state = "pruned" if why else "complete"
        asked = {"state": state, "params": {"lr.value": rate}, "run_id": run.run_id, "note": why}
        trial = StoredTrial.model_validate({**asked, "epochs": 2, "value": value})
        write_trial(search, number, trial)
    search.finish("FINISHED", None)
    return search.run_id


@pytest.mark.parametrize(
    ("objective", "order"), [("val/accuracy", [2, 0, 1]), ("val/loss", [0, 2, 1])]
)
def test_the_best_trial_comes_first_and_pruned_ones_last(
    store: Store, objective: str, order: list[int]
) -> None:
    search = read_search(find_run(store, make_search(store, [0.5, None, 0.9], objective)))
    assert search is not None
    assert [number for number, _ in search.ranked] == order
    frame = search.tabulate()
    assert list(frame.columns) == [
        "trial", "state", objective, "epochs", "lr.value", "run_id", "note",
    ]  # fmt: skip
    (note,) = note_search(search)
    assert note.startswith("A search: the best of 3 trials, of which 2 trained all their epochs")


def test_a_reports_cells_are_a_searchs_complete_trials_from_the_best_on(store: Store) -> None:
    results = select(store, make_search(store, [0.5, None, 0.9]))
    assert [cell["lr.value"] for cell in results.cells] == ["0.3", "0.1"]
    assert results.title == "A search for high val/accuracy over lr.value"


def test_what_is_no_search_is_read_as_none(store: Store) -> None:
    assert read_search(make_run(store, {"lr.value": "0.1"})) is None


def test_an_edited_search_is_refused(store: Store) -> None:
    run_id = make_search(store, [0.5])
    store.client().set_tag(run_id, SEARCH_SETTINGS, "{}")
    with pytest.raises(UserError, match="was edited or is damaged"):
        read_search(find_run(store, run_id))


def test_a_tuned_side_against_an_untuned_one_is_said(store: Store) -> None:
    make_search(store, [0.5, None, 0.9])
    tuned = make_run(store, {"lr.value": "0.30", "seed": "7", "epochs": "15"})
    plain = make_run(store, {"lr.value": "0.3", "optimizer": "adam"})
    (note,) = note_tuning(store, {"rmsprop": tuned, "adam": plain})
    assert note.startswith("rmsprop is one of 3 configurations that a search has tried")
    assert "adam is one configuration" in note


@pytest.mark.parametrize("rates", [("0.1", "0.3"), ("0.7", "0.8"), ("0.1",)])
def test_sides_that_were_tried_alike_are_not_warned_of(
    store: Store, rates: tuple[str, ...]
) -> None:
    make_search(store, [0.5, None, 0.9])
    cells = {rate: make_run(store, {"lr.value": rate}) for rate in rates}
    assert list(note_tuning(store, cells)) == []

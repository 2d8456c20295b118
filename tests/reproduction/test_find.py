"""A run is found by its ID or the beginning of it, in the store or among the published ones."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.reproduction import find, published
from hhexp.reproduction.record import Record
from hhexp.tracking.query import NoSuchRunError, StoredRun
from hhexp.tracking.store import Store

Make = Callable[..., Record]
STORE = Store("sqlite:///unused.db")
ONE, TWO = "a1" + "0" * 30, "a2" + "0" * 30


@pytest.fixture(autouse=True)
def empty_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that has no runs."""

    def find_run(store: Store, prefix: str) -> StoredRun:
        raise NoSuchRunError(f"no run in {store} has an ID that starts with {prefix}")

    monkeypatch.setattr(find, "find_run", find_run)


@pytest.fixture
def experiments(tmp_path: Path, make_record: Make) -> Path:
    """Two published runs of one study."""
    for run_id in (ONE, TWO):
        published.write(make_record(run_id=run_id), tmp_path / "first" / "runs")
    return tmp_path


def test_a_published_run_is_found_by_the_beginning_of_its_id(experiments: Path) -> None:
    for prefix in (ONE, "a1", "A10", " a1 "):
        assert find.find(STORE, prefix, experiments).run_id == ONE


def stored(run_id: str) -> StoredRun:
    return StoredRun(run_id, "a run", "FINISHED", {}, {}, datetime.now(UTC), None, None)


def test_the_store_comes_first(
    experiments: Path, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "find_run", lambda store, prefix: stored(ONE))
    monkeypatch.setattr(find, "from_store", lambda store, run: make_record(where="the store"))
    assert find.find(STORE, "a1", experiments).where == "the store"


def test_a_run_that_is_damaged_in_the_store_is_not_taken_from_the_published_ones(
    experiments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: Store, run: StoredRun) -> Record:
        raise UserError(f"run {run.run_id} was edited")

    monkeypatch.setattr(find, "find_run", lambda store, prefix: stored(ONE))
    monkeypatch.setattr(find, "from_store", fail)
    with pytest.raises(UserError, match=f"^run {ONE} was edited$"):
        find.find(STORE, ONE, experiments)


def test_a_beginning_that_is_ambiguous_in_the_store_is_an_error(
    experiments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: Store, prefix: str) -> StoredRun:
        raise UserError(f"2 runs in {store} start with {prefix}")

    monkeypatch.setattr(find, "find_run", fail)
    with pytest.raises(UserError, match=r"^2 runs in .* start with a1$"):
        find.find(STORE, "a1", experiments)


def test_a_beginning_of_one_stored_and_another_published_run_is_an_error(
    experiments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "find_run", lambda store, prefix: stored("a1f" + "0" * 29))
    with pytest.raises(UserError, match=rf"^a1: run a1f0.* published run .*{ONE}.*more digits$"):
        find.find(STORE, "a1", experiments)


def test_several_runs_that_start_so_are_named(experiments: Path) -> None:
    with pytest.raises(UserError, match=f"several published runs start with it: {ONE}, {TWO}"):
        find.find(STORE, "a", experiments)


def test_one_run_in_two_studies_is_one_run(experiments: Path) -> None:
    shutil.copytree(experiments / "first", experiments / "second")
    assert find.find(STORE, "a1", experiments).run_id == ONE


def test_the_former_form_is_read_unless_the_run_was_published_again(experiments: Path) -> None:
    folder = experiments / "another" / "runs" / ONE
    folder.mkdir(parents=True)
    assert find.find(STORE, "a1", experiments).where.endswith(".yaml")
    (experiments / "first" / "runs" / f"{ONE}.yaml").unlink()
    with pytest.raises(UserError, match=r"lacks config\.yaml"):
        find.find(STORE, "a1", experiments)


@pytest.mark.parametrize("prefix", ["b", "shared", "*", "", "../a1", "a1*", "."])
def test_a_run_that_is_nowhere_is_one_line(experiments: Path, prefix: str) -> None:
    with pytest.raises(UserError, match=r"^no run in .*; not among the runs in .*/ either$"):
        find.find(STORE, prefix, experiments)


def test_other_files_beside_the_runs_are_passed_over(experiments: Path) -> None:
    runs = experiments / "first" / "runs"
    shutil.copy(runs / f"{ONE}.yaml", runs / f"{ONE}-copy.yaml")
    shutil.copy(runs / f"{ONE}.yaml", runs / f"{ONE}.yaml.orig")
    assert find.find(STORE, "a1", experiments).where == str(runs / f"{ONE}.yaml")

"""A store's artifacts are beside its database, wherever it is moved; nothing else is touched."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from hhexp.tracking import relocation
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.database import check
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


def place(folder: Path) -> Store:
    return Store(f"sqlite:///{folder}/mlflow.db")


@pytest.fixture
def project(tmp_path: Path, made_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store, in which a run has an artifact."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    relocation._warn.cache_clear()
    (tmp_path / "project").mkdir()
    shutil.copy(made_database, tmp_path / "project/mlflow.db")
    run = TrackedRun.start(place(tmp_path / "project"), "study", "a run")
    run.log_text("text", "some/text.txt")
    return tmp_path / "project"


def list_locations(folder: Path) -> list[str]:
    """All places that a database names."""
    connection = sqlite3.connect(folder / "mlflow.db")
    found = [
        location
        for table, column in relocation.LOCATIONS
        for (location,) in connection.execute(f"SELECT {column} FROM {table}")
        if location
    ]
    connection.close()
    return found


def point_to(folder: Path, location: str, number: int = 1) -> None:
    """Let an experiment name another place."""
    connection = sqlite3.connect(folder / "mlflow.db")
    with connection:
        connection.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
            [location, number],
        )
    connection.close()


def read(folder: Path) -> str | None:
    store = place(folder)
    (run,) = store.client().search_runs(["1"])
    return read_text(store, run.info.run_id, "some/text.txt")


def test_a_store_that_was_moved_has_its_artifacts(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    moved = project.rename(tmp_path / "it's moved")
    capfd.readouterr()
    assert read(moved) == "text"
    assert read(moved) == "text"
    assert capfd.readouterr().err == (
        f"the store has moved: its artifacts are in {moved}/artifacts, no longer in "
        f"{project}/artifacts\n"
    )
    assert all(each.startswith(f"{moved}/artifacts/") for each in list_locations(moved))


def test_a_copy_is_written_beside_itself(project: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    before = sorted(project.rglob("*"))
    TrackedRun.start(place(copy), "study", "another").log_text("new", "new.txt")
    assert len(list((copy / "artifacts").rglob("new.txt"))) == 1
    assert sorted(project.rglob("*")) == before
    assert all(each.startswith(f"{project}/") for each in list_locations(project))


def test_so_is_a_copy_of_a_store_that_has_no_artifacts_yet(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(project / "mlflow.db", copy)
    place(copy).client()
    assert all(each.startswith(f"{copy}/artifacts/") for each in list_locations(copy))


def test_the_same_folder_by_another_name_stays_as_it_is(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_locations(project)
    (tmp_path / "link").symlink_to(project)
    assert read(tmp_path / "link") == "text"
    monkeypatch.chdir(project)
    Store("sqlite:///mlflow.db").client()
    assert list_locations(project) == before


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/artifacts/1",
        "mlflow-artifacts:/1",
        "/nas/artifacts/1",
        "/nas/artifacts/2",
        "/nas/mlruns/1",
        "artifacts/1",
    ],
)
def test_what_was_never_the_stores_own_stays(project: Path, tmp_path: Path, location: str) -> None:
    point_to(project, location)
    shutil.rmtree(project / "artifacts/1")
    moved = project.rename(tmp_path / "moved")
    place(moved).client()
    assert location in list_locations(moved)


def test_a_folder_whose_name_begins_the_same_stays(project: Path, tmp_path: Path) -> None:
    point_to(project, f"{project}/artifacts-of-others/0", 0)
    moved = project.rename(tmp_path / "moved")
    place(moved).client()
    assert f"{project}/artifacts-of-others/0" in list_locations(moved)


def test_a_store_that_cannot_be_changed_is_said_once(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    moved = project.rename(tmp_path / "moved")

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(relocation, "_replace_root", refuse)
    capfd.readouterr()
    place(moved).client()
    place(moved).client()
    (line,) = capfd.readouterr().err.splitlines()
    assert line == (
        f"the artifacts in {moved}/artifacts are not found: the store still names "
        f"{project}/artifacts: attempt to write a readonly database"
    )


def test_a_database_that_is_not_mlflows_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.execute("CREATE TABLE experiments (x)")
    check(tmp_path / "mlflow.db")

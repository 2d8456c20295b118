"""Where runs live."""

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from hhexp.errors import UserError
from hhexp.tracking.database import PATIENCE_S, check, find_ids, keep_statistics
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store, keep_tracking_uri

START = """
import sys
from hhexp.tracking.store import Store, keep_tracking_uri
store = Store.resolve(sys.argv[1])
store.prepare()
print(store.experiment_id("study"))
"""

DIE_WRITING = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")  # so that much of it is in the file already
connection.execute("BEGIN")
connection.execute("CREATE TABLE half (done)")
connection.executemany("INSERT INTO half VALUES (?)", [("x" * 999,)] * 999)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_store_is_the_given_one_else_the_variable_else_local(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Store.resolve(None).uri == "sqlite:///mlruns/mlflow.db"
    assert Store.resolve(None).artifacts == Path("mlruns/artifacts")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://team:5000")
    assert Store.resolve(None).uri == "http://team:5000"
    assert Store.resolve("sqlite:////a/b.db").uri == "sqlite:////a/b.db"


@pytest.mark.parametrize(
    "uri", ["postgresql://u:p@host/db", "mysql+pymysql://host/db", "https://host", "databricks"]
)
def test_servers_addresses_stay_as_they_are(uri: str) -> None:
    assert Store.resolve(uri).uri == uri


@pytest.mark.parametrize(
    ("uri", "advice"),
    [
        ("file:///data/mlruns", "use sqlite:////data/mlruns/mlflow.db"),
        ("./mlruns", "use sqlite:///./mlruns/mlflow.db"),
        ("runs.db", "write sqlite:///runs.db"),
        ("sqlite://", "name a file"),
        ("sqlite:", "name a file"),
        ("sqlite://x.db", "three slashes: sqlite:///x.db"),
        ("uc:foo", "unknown kind"),
        ("uc:foo.db", "unknown kind"),
        ("httpsfoo", "unknown kind"),
        ("databricksfoo", "unknown kind"),
        (
            "postgresql://u:p@host:x/d",
            "postgresql://u:***@host:x/d: not a valid address: Port could not",
        ),
        ("https://[::1/", "not a valid address: Invalid IPv6"),
        ("sqlite:///:memory:", "name a file"),
        ("ftp://host/db", "unknown kind"),
    ],
)
def test_what_mlflow_keeps_no_runs_in_is_refused_with_advice(uri: str, advice: str) -> None:
    with pytest.raises(UserError, match="tracking store") as raised:
        Store.resolve(uri)
    assert advice in str(raised.value)


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/elsewhere/me")
    assert Store.resolve("sqlite:///~/runs/x.db").uri == "sqlite:////elsewhere/me/runs/x.db"
    assert Store.resolve("sqlite:///a/~/x.db").uri == "sqlite:///a/~/x.db"


def test_a_folder_that_looks_like_an_address_is_a_file_s_place() -> None:
    assert Store.resolve("sqlite:///a@b:c/x.db").database == Path("a@b:c/x.db")


@pytest.mark.parametrize("password", ["secret", "p@ss", "s3/cret", "a:b"])
def test_passwords_are_not_shown(password: str) -> None:
    shown = str(Store.resolve(f"postgresql://me:{password}@host/db"))
    assert shown == "postgresql://me:***@host/db"


@pytest.mark.parametrize("uri", ["sqlite:///a:b@c.db", "https://me@host", "https://host:80/a"])
def test_an_address_without_a_password_is_shown_whole(uri: str) -> None:
    assert str(Store(uri)) == uri
    assert str(Store.resolve("sqlite:///a@b/c:d.db")) == "sqlite:///a@b/c:d.db"


def test_artifacts_lie_beside_the_database(store: Store, tmp_path: Path) -> None:
    experiment = store.client().get_experiment(store.experiment_id("study"))
    assert Path(experiment.artifact_location).parent == tmp_path / "artifacts"


def test_an_experiment_is_made_once(store: Store) -> None:
    assert store.experiment_id("study") == store.experiment_id("study")
    assert store.experiment_id("another") != store.experiment_id("study")


def test_a_deleted_experiment_is_not_used(store: Store) -> None:
    experiment_id = store.experiment_id("study")
    store.client().delete_experiment(experiment_id)
    with pytest.raises(UserError, match=f"was deleted .* --experiment-id {experiment_id}"):
        store.experiment_id("study")


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no tracking store at"):
        Store.resolve(f"sqlite:///{tmp_path}/no.db").client()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, but long enough to be looked at" * 9)
    with pytest.raises(UserError, match="cannot be read: file is not a database"):
        Store.resolve(f"sqlite:///{tmp_path}/x.db").prepare()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot create the tracking store"):
        Store.resolve(f"sqlite:///{tmp_path}/file/x.db").prepare()


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_server_that_does_not_answer_is_said(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        uri = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(UserError, match=r"does not answer: .*[Cc]onnection refused"):
            Store.resolve(uri).prepare()
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"  # for all that comes after


def test_what_a_killed_writer_left_half_done_is_rolled_back(store: Store) -> None:
    store.experiment_id("study")
    subprocess.run([sys.executable, "-c", DIE_WRITING, str(store.database)])
    journal = Path(f"{store.database}-journal")
    assert journal.stat().st_size > 0
    assert store.client().get_experiment_by_name("study")
    assert not journal.exists()
    with sqlite3.connect(store.database) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'")
        assert tables.fetchall() == []
    connection.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_database_that_may_only_be_read_is_read(store: Store) -> None:
    store.database.chmod(0o444)
    check(store.database)


def test_mlflows_sessions_wait_for_writers_as_long_as_we_say(store: Store) -> None:
    from mlflow.tracking._tracking_service.utils import _get_store
    from sqlalchemy import text

    store.client()
    with _get_store(store.uri).ManagedSessionMaker() as session:
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 1000 * PATIENCE_S


@pytest.mark.slow
def test_a_store_is_waited_for_while_another_process_writes(store: Store) -> None:
    writer = sqlite3.connect(store.database, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    Timer(7, writer.execute, ["COMMIT"]).start()  # longer than Python's own 5 s
    assert store.client().search_experiments()
    writer.close()


def test_processes_that_start_at_once_make_one_store_quietly(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/new/mlflow.db"
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", START, uri],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        for _ in range(3)
    ]
    ends = [start.communicate(timeout=120) for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], ends
    assert len({out for out, _ in ends}) == 1
    assert [err for _, err in ends] == ["", "", ""]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mlflow.db"]


def plan_history(database: Path) -> str:
    """How SQLite would find a metric of a run."""
    connection = sqlite3.connect(database)
    question = "EXPLAIN QUERY PLAN SELECT * FROM metrics WHERE key = 'a' AND run_uuid = 'b'"
    (row,) = connection.execute(question).fetchall()
    connection.close()
    return str(row[-1])


def test_a_store_that_has_grown_gets_the_statistics_by_which_sqlite_finds_a_runs_metrics(
    store: Store,
) -> None:
    for number in range(11):
        TrackedRun.start(store, "study", str(number)).log_epoch(1, {"val/loss": number})
    assert "index_metrics_run_uuid_key_step" not in plan_history(store.database)
    keep_statistics.cache_clear()
    store.client()
    assert "index_metrics_run_uuid_key_step" in plan_history(store.database)
    before = store.database.stat().st_mtime_ns
    keep_statistics.cache_clear()
    store.client()
    assert store.database.stat().st_mtime_ns == before


def test_a_file_that_is_no_store_of_runs_gets_no_statistics(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "other.db").close()
    keep_statistics(tmp_path / "other.db")
    assert (tmp_path / "other.db").stat().st_size == 0
    with pytest.raises(UserError, match="cannot be read: no such table: runs"):
        find_ids(tmp_path / "other.db", "%", 1)


def test_mlflow_keeps_the_address_that_the_person_has_set(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    with keep_tracking_uri():
        store.client()
        assert mlflow.get_tracking_uri() == store.uri
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()
    mlflow.set_tracking_uri("http://127.0.0.1:1")
    with keep_tracking_uri():
        store.client()
    assert mlflow.get_tracking_uri() == "http://127.0.0.1:1" == os.environ["MLFLOW_TRACKING_URI"]

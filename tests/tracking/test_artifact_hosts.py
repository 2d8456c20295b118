"""Which addresses of artifacts are asked."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hhexp.errors import UserError
from hhexp.tracking.artifact_hosts import is_own
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.models import load_model, read_classes
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import SavedState, fetch_state
from hhexp.tracking.store import Store


@pytest.mark.parametrize(
    ("place", "store"),
    [
        ("mlflow-artifacts:/1/a", "http://box:5000"),
        ("mlflow-artifacts://box:5000/1/a", "http://box:5000"),
        ("http://box:5000/api/2.0/mlflow-artifacts/artifacts/1", "http://box:5000"),
        ("s3://bucket/1/a", "https://box"),
        ("s3://bucket/1/a", "postgresql+psycopg://box/runs"),
    ],
)
def test_a_stores_own_artifacts_are_asked_for(place: str, store: str) -> None:
    assert is_own(place, store)


@pytest.mark.parametrize(
    ("place", "store"),
    [
        ("mlflow-artifacts://other/1/a", "http://box:5000"),
        ("http://other:5000/api/2.0/mlflow-artifacts/artifacts/1", "http://box:5000"),
        ("http://box:6000/api/2.0/mlflow-artifacts/artifacts/1", "http://box:5000"),
        ("http://box:5000/x", "https://box:5000"),
        ("http://other/x", "postgresql+psycopg://box/runs"),
        ("mlflow-artifacts:/x", "sqlite:///mlflow.db"),
        ("s3://bucket/x", "sqlite:///mlflow.db"),
    ],
)
def test_those_of_another_machine_are_not(place: str, store: str) -> None:
    assert not is_own(place, store)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A listener's address, and what it is asked."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "form", ["http://{}/api/2.0/mlflow-artifacts/x", "mlflow-artifacts://{}/x"]
)
def test_a_store_in_a_file_sends_nobody_to_another_machine(
    store: Store, asked: tuple[str, list[str]], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    run = TrackedRun.start(store, "study", "a run")
    state = SavedState(run.run_id, 1, "s1", "0" * 64, 5, stays=False)
    place, heard = form.format(asked[0]), asked[1]
    with contextlib.closing(sqlite3.connect(store.database)) as connection:
        connection.execute("UPDATE runs SET artifact_uri = ?", [place])
        connection.commit()
    for read in (
        lambda: read_text(store, run.run_id, "provenance/config.yaml"),
        lambda: read_classes(store, run.run_id),
        lambda: load_model(store, run.run_id),
        lambda: fetch_state(store, state),
        lambda: run.log_text("text", "a.txt"),
    ):
        with pytest.raises(UserError):
            read()
    assert heard == []

"""Artifacts come back as they are, and their paths stay in their folder."""

import os
from pathlib import Path
from typing import ClassVar

import pytest
from mlflow.entities import FileInfo, LoggedModelOutput
from mlflow.exceptions import MlflowException

from hhexp.errors import UserError
from hhexp.tracking import artifacts
from hhexp.tracking.artifacts import MODEL_FILE, find_lost, read_text
from hhexp.tracking.query import find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

ESCAPES = [
    "..",
    "../secret",
    "provenance/../../secret",
    "/etc/passwd",
    "\\\\server\\share",
    "..\\secret",
    "C:\\secret",
    "C:secret",
    "~/secret",
    "%2e%2e/secret",
    "..%2fsecret",
    "%252e%252e%252fsecret",
    "",
    ".",
]


@pytest.fixture
def run(store: Store) -> TrackedRun:
    run = TrackedRun.start(store, "e", "a run")
    run.log_text("a line\r\nandere Zeile ü\n", "provenance/deep/patch.txt")
    run.log_text("{}", "provenance/git.json")
    return run


def test_a_text_comes_back_with_its_line_ends(store: Store, run: TrackedRun) -> None:
    text = read_text(store, run.run_id, "provenance/deep/patch.txt")
    assert text == "a line\r\nandere Zeile ü\n"
    assert read_text(store, run.run_id, "provenance/none.txt") is None
    assert read_text(store, run.run_id, "none/none.txt") is None


def test_what_is_no_text_is_refused(store: Store, run: TrackedRun, tmp_path: Path) -> None:
    (tmp_path / "bytes.bin").write_bytes(b"\xff\xfe\x00")
    run.log_file(tmp_path / "bytes.bin")
    with pytest.raises(UserError, match=r"the artifact bytes\.bin is not UTF-8 text"):
        read_text(store, run.run_id, "bytes.bin")


def test_a_pipe_is_no_artifact(store: Store, run: TrackedRun) -> None:
    place = Path(store.client().get_run(run.run_id).info.artifact_uri)
    os.mkfifo(place / "pipe.json")
    with pytest.raises(UserError, match=r"pipe\.json: not a file"):
        read_text(store, run.run_id, "pipe.json")


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leads_out_is_refused(path: str, store: Store, run: TrackedRun) -> None:
    with pytest.raises(UserError, match="leads outside its folder"):
        read_text(store, run.run_id, path)


def log_model(store: Store, run: TrackedRun, name: str = "model") -> Path:
    """Give a run a model with a file, whose path is returned."""
    client = store.client()
    model = client.create_logged_model(
        client.get_run(run.run_id).info.experiment_id, name, source_run_id=run.run_id
    )
    client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, 0)])
    file = Path(model.artifact_location) / MODEL_FILE
    file.parent.mkdir(parents=True)
    file.touch()
    return file


NEEDED = ["provenance/git.json", "provenance/deep"]


def test_what_is_missing_is_said_with_its_place(store: Store, run: TrackedRun) -> None:
    model = log_model(store, run)
    found = find_run(store, run.run_id)
    assert find_lost(store, [found], NEEDED) == {}
    model.unlink()
    (Path(found.artifacts) / "provenance/git.json").unlink()
    assert find_lost(store, [found], NEEDED) == {
        run.run_id: f"run {run.run_id[:8]} has lost provenance/git.json, a model, which should "
        f"be in {found.artifacts}"
    }


def test_a_run_of_two_models_has_both(store: Store, run: TrackedRun) -> None:
    for file in [log_model(store, run), log_model(store, run, "best")]:
        file.unlink()
        assert "has lost a model" in find_lost(store, [find_run(store, run.run_id)], [])[run.run_id]
        file.touch()
    assert find_lost(store, [find_run(store, run.run_id)], []) == {}


def test_on_a_server_one_listing_has_to_do(
    store: Store, run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    class Remote:
        there: ClassVar = [FileInfo("provenance", True, None)]

        def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
            asked.append(path)
            return self.there

    monkeypatch.setattr(artifacts, "_open", lambda *_: Remote())
    found = find_run(store, run.run_id)
    assert find_lost(store, [found], NEEDED) == {}
    Remote.there = []
    assert (
        "has lost provenance/git.json, provenance/deep, "
        in find_lost(store, [found], NEEDED)[run.run_id]
    )
    assert asked == [None, None]


def test_where_a_server_does_not_answer_nothing_is_said_to_be_lost(
    store: Store, run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Remote:
        def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
            raise MlflowException("no answer")

    monkeypatch.setattr(artifacts, "_open", lambda *_: Remote())
    assert find_lost(store, [find_run(store, run.run_id)], NEEDED) == {}

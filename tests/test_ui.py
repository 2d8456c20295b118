"""MLflow's UI on a store."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from hhexp import ui
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file that is there, which is all that is asked before the server starts."""
    (tmp_path / "mlflow.db").touch()
    return tmp_path / "mlflow.db"


def test_a_store_that_is_not_there_yet_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ui.main(["--tracking-uri", f"sqlite:///{tmp_path}/no.db"]) == 2
    assert "hhexp: there is no tracking store at" in capsys.readouterr().err


def test_a_servers_own_ui_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert ui.main(["--tracking-uri", "https://team.example"]) == 0
    assert "https://team.example" in capsys.readouterr().out


def test_a_port_in_use_is_said(
    database: Path, busy_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--tracking-uri", f"sqlite:///{database}", "--port", str(busy_port)]
    assert ui.main(arguments) == 2
    said = capsys.readouterr().err
    assert f"--port {busy_port} cannot be used on 127.0.0.1: Address already in use\n" in said


def test_a_host_that_is_not_here_is_said(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ui.main(["--tracking-uri", f"sqlite:///{database}", "--host", "192.0.2.1"]) == 2
    said = capsys.readouterr().err
    assert "cannot be used on 192.0.2.1: " in said and said.count("\n") == 1


def test_a_port_that_is_none_is_said(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ui.main(["--tracking-uri", f"sqlite:///{database}", "--port", "70000"]) == 2
    assert "from 1 to 65535" in capsys.readouterr().err


def test_the_next_free_port_is_taken(busy_port: int) -> None:
    assert ui.free_port("127.0.0.1", range(busy_port, busy_port + 20)) > busy_port


def test_a_server_that_fails_says_its_last_line(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Store, "ui_command", lambda *_: ["no_such_module"])
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the other tests need Ctrl-C
    assert ui.main(["--tracking-uri", f"sqlite:///{database}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("hhexp: the server ended with status 1: ")
    assert said.endswith("No module named no_such_module\n")


@pytest.mark.slow
def test_the_ui_serves_the_runs_until_ctrl_c(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = Store.resolve(f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        store.prepare()
        run = TrackedRun.start(store, "study", "epochs=15")
    command = [sys.executable, "-m", "hhexp.ui", "--tracking-uri", store.uri, "--port", str(port)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # A shell's background job ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout
        said = read_until(process.stdout, "Ctrl-C to stop")
        assert f"mlflow ui --backend-store-uri {store.uri}" in said
        assert f"http://127.0.0.1:{port}" in said
        assert "MLflow" in get(f"http://127.0.0.1:{port}/")
        found = get(f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/get?run_id={run.run_id}")
        assert json.loads(found)["run"]["info"]["run_name"] == "epochs=15"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out.strip(), err) == (0, "Stopped.", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert sorted(os.listdir(tmp_path)) == ["mlflow.db"]


def read_until(stream: IO[str], word: str) -> str:
    said = ""
    for line in stream:
        said += line
        if word in line:
            return said
    raise AssertionError(f"ended without {word!r}: {said}")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode())

"""MLflow's UI on a store."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from hhexp import ui
from hhexp.tracking.pages import locate_server
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND


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


@pytest.fixture
def sweep(store: Store) -> TrackedRun:
    """A sweep with a run, in the experiment with ID 1."""
    parent = TrackedRun.start(store, "study", "aug=none,full", None, {KIND: "sweep"})
    TrackedRun.start(store, "study", "aug=none", parent.run_id, {KIND: "run"})
    return parent


def test_the_links_show_the_last_sweep_and_its_runs_side_by_side(
    store: Store, sweep: TrackedRun
) -> None:
    everything, itself, compared = ui.list_links(store, "http://here:5000")
    runs = "http://here:5000/#/experiments/1/runs"
    assert everything == f"All runs: {runs}?workflowType=machine_learning"
    page = f"{runs}/{sweep.run_id}?workflowType=machine_learning"
    assert itself == f"The last sweep, aug=none,full: {page}"
    assert compared.startswith(f"Its runs compared: {runs}?workflowType=machine_learning&")
    assert "compareRunsMode=CHART" in compared and sweep.run_id in compared


def test_the_sweep_of_a_study_is_shown_with_the_study(store: Store) -> None:
    study = TrackedRun.start(store, "study", "study flips", None, {KIND: "study"})
    TrackedRun.start(store, "study", "aug=none,full", study.run_id, {KIND: "sweep"})
    _, first, second, _ = ui.list_links(store, "http://here:5000")
    assert first.startswith("The last study, study flips: ") and study.run_id in first
    assert second.startswith("The last sweep, aug=none,full: ")


def test_without_a_sweep_the_links_show_the_last_run(store: Store) -> None:
    assert ui.list_links(store, "http://here:5000") == []
    run = TrackedRun.start(store, "study", "aug=none", None, {KIND: "run"})
    _, shown = ui.list_links(store, "http://here:5000")
    assert shown.startswith("The last run, aug=none: ") and run.run_id in shown


def test_a_servers_page_is_named_without_its_password() -> None:
    assert locate_server(Store("https://me:secret@team.example/mlflow/")) == (
        "https://team.example/mlflow"
    )
    assert locate_server(Store("databricks")) is None


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
    monkeypatch.setattr(ui, "make_command", lambda *_: ["no_such_module"])
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the other tests need Ctrl-C
    assert ui.main(["--tracking-uri", f"sqlite:///{database}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("hhexp: the server ended with status 1: ")
    assert said.endswith("No module named no_such_module\n")


@dataclass(frozen=True)
class Served:
    """The UI of a store with one run, started as a terminal would."""

    process: "subprocess.Popen[str]"
    store: Store
    run_id: str
    port: int

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """The status and the text that the server answers with."""
        body = b"{}" if method == "POST" else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}", body, {k.title(): v for k, v in headers.items()}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves a store with one run."""
    started = []

    def start(*words: str) -> Served:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        store = Store.resolve(f"sqlite:///{tmp_path}/mlflow.db")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", "")
            store.prepare()
            run = TrackedRun.start(store, "study", "epochs=15")
        command = [sys.executable, "-m", "hhexp.ui", "--tracking-uri", store.uri]
        process = subprocess.Popen(
            [*command, "--port", str(port), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            # A shell's background job ignores Ctrl-C, and so would all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return Served(process, store, run.run_id, port)

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


@pytest.mark.slow
def test_the_ui_serves_the_runs_until_ctrl_c(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve()
    process = served.process
    assert process.stdout
    said = read_until(process.stdout, "Ctrl-C to stop")
    assert f"--backend-store-uri {served.store.uri}" in said
    assert f"http://127.0.0.1:{served.port}" in said
    assert "MLflow" in served.ask("")[1]
    _, found = served.ask(f"api/2.0/mlflow/runs/get?run_id={served.run_id}")
    assert json.loads(found)["run"]["info"]["run_name"] == "epochs=15"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out.strip(), err) == (0, "Stopped.", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", served.port)) != 0
    assert sorted(os.listdir(tmp_path)) == ["mlflow.db"]


@pytest.mark.slow
def test_a_ui_for_the_network_answers_under_this_machines_name_and_no_other(
    serve: Callable[..., Served],
) -> None:
    served = serve("--host", "0.0.0.0")
    name = f"{socket.gethostname()}:{served.port}"
    assert served.process.stdout
    said = read_until(served.process.stdout, "Ctrl-C to stop")
    assert f"are at http://{name} (Ctrl-C" in said
    assert served.ask("", host=name)[0] == 200
    assert served.ask("", host=f"elsewhere.example:{served.port}")[0] == 403
    search = "ajax-api/2.0/mlflow/runs/search"  # what its own pages ask, with a POST
    assert served.ask(search, "POST", host=name, origin=f"http://{name}")[0] != 403
    assert served.ask(search, "POST", host=name, origin="http://elsewhere.example")[0] == 403
    served.process.send_signal(signal.SIGINT)
    _, err = served.process.communicate(timeout=30)
    assert err.startswith(f"warning: everyone who reaches port {served.port} here can read and")
    assert err.count("\n") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_ui_for_this_machine_alone_keeps_mlflows_own_rules(host: str) -> None:
    assert "--allowed-hosts" not in ui.make_command(host, 5000)


def test_names_that_the_person_allows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SERVER_ALLOWED_HOSTS", "team.example")
    command = ui.make_command("0.0.0.0", 5000)
    assert "--allowed-hosts" not in command and "--cors-allowed-origins" in command


def test_a_place_is_written_as_browsers_write_it() -> None:
    assert ui.name_place("machine", 5000) == "machine:5000"
    assert ui.name_place("machine", 80) == "machine"
    assert ui.name_place("fd00::1", 5000) == "[fd00::1]:5000"


def read_until(stream: IO[str], word: str) -> str:
    said = ""
    for line in stream:
        said += line
        if word in line:
            return said
    raise AssertionError(f"ended without {word!r}: {said}")

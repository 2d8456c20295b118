"""The command line while a real MLflow server goes away: nothing is lost, nothing comes twice."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hhexp.tracking.outbox import find_root
from hhexp.tracking.query import StoredRun, find_recent, read_histories
from tests.conftest import Server, Shell

pytestmark = pytest.mark.slow

LONG = ["batch_size=1", "epochs=8", "state.every=1", "runtime.threads=1"]
"""Epochs of a tenth of a second, each with a state."""


@pytest.fixture
def outside(shell: Shell, server: Server, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A folder whose commands log to the server."""
    monkeypatch.setenv("HHEXP_JOURNAL", str(shell.folder / "journal"))
    return shell


def start(shell: Shell, server: Server, *words: str) -> tuple["subprocess.Popen[bytes]", Path]:
    """Start to train, and go on when the second epoch is done."""
    said = shell.folder / "said.txt"
    with said.open("wb") as output:
        tracking = f"tracking.uri={server.uri}"
        words = (*shell.tiny(*LONG), *words, tracking)
        process = shell.start(output, "run", *words)
    wait_for_line(said, "epoch 2/8")
    return process, said


def wait_until(happened: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def wait_for_line(said: Path, text: str) -> None:
    wait_until(lambda: text in said.read_text())


def check_runs(server: Server, alone: Shell, count: int) -> list[StoredRun]:
    """Every run is finished, and each epoch's metrics are there once, with the right bits."""
    runs = find_recent(server.store, 100)
    assert [run.status for run in runs] == ["FINISHED"] * count
    client = server.store.client()
    for run in runs:
        for name in ("val/loss", "train/loss"):
            steps = [each.step for each in client.get_metric_history(run.run_id, name)]
            assert steps == list(range(1, 9))
        seed = run.params["seed"]
        (same,) = [each for each in alone.runs() if each.params["seed"] == seed]
        mine = read_histories(server.store, run.run_id)["val/loss"]
        assert mine == read_histories(alone.store, same.run_id)["val/loss"]
        assert client.get_run(run.run_id).outputs.model_outputs
    assert list(find_root().glob("*/run.json")) == []
    return runs


@pytest.fixture(scope="module")
def alone(new_shell: Callable[[], Shell]) -> Shell:
    """The same two runs, logged to a file that never goes away."""
    shell = new_shell()
    done = shell.train("-m", "seed=0,1", *LONG)
    assert done.returncode == 0, done.stderr
    return shell


def test_a_sweep_goes_on_while_the_server_is_away_for_a_while(
    outside: Shell, server: Server, alone: Shell
) -> None:
    process, said = start(outside, server, "-m", "seed=0,1")
    server.stop()
    wait_for_line(said, "is away")
    wait_for_line(said, "epoch 5/8")
    server.start()
    assert process.wait(120) == 0
    assert "is back" in said.read_text() or "had waited" in said.read_text()
    check_runs(server, alone, 2)


def test_what_a_server_that_stays_away_lacks_is_sent_later(
    outside: Shell, server: Server, alone: Shell
) -> None:
    process, said = start(outside, server, "-m", "seed=0")
    server.stop()
    assert process.wait(120) == 1
    text = said.read_text()
    assert "what was logged of 2 runs waits in" in text and "doctor --send" in text
    assert "Traceback" not in text
    server.start()
    sent = outside.call("doctor", "--send", "--tracking-uri", server.uri)
    assert sent.returncode == 0 and "sent" in sent.stdout, sent.stderr
    check_runs(server, alone, 1)


def test_a_run_whose_outage_cannot_be_written_down_ends_in_one_line(
    outside: Shell, server: Server, alone: Shell
) -> None:
    (outside.folder / "journal").write_text("a file, and no folder")
    process, said = start(outside, server, "seed=0")
    server.stop()
    assert process.wait(120) == 1
    text = said.read_text()
    assert "FAILED" in text and "for the same reason" in text and "Traceback" not in text
    assert "is away: no table of results now" in text
    (outside.folder / "journal").unlink()
    server.start()
    again = outside.train(*LONG, "seed=0", f"tracking.uri={server.uri}")
    assert again.returncode == 0, again.stderr
    check_runs(server, alone, 1)


def test_ctrl_c_ends_a_run_whose_server_is_away_and_the_same_command_goes_on(
    outside: Shell, server: Server, alone: Shell
) -> None:
    process, said = start(outside, server, "seed=0")
    server.stop()
    wait_for_line(said, "epoch 4/8")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "Traceback" not in said.read_text()
    server.start()
    again = outside.train(*LONG, "seed=0", f"tracking.uri={server.uri}")
    assert again.returncode == 0, again.stderr
    assert "continues from" in again.stdout
    check_runs(server, alone, 1)


def test_a_server_that_hangs_stops_no_training(
    outside: Shell, server: Server, alone: Shell
) -> None:
    process, said = start(outside, server, "seed=0")
    assert server.process
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        wait_for_line(said, "epoch 8/8")
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)
    assert process.wait(180) in (0, 1)
    outside.call("doctor", "--send", "--tracking-uri", server.uri)
    check_runs(server, alone, 1)

"""Commands that run at the same time train no epoch twice, whatever becomes of one of them."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals as on Linux"),
]

COMMAND = """
import sys
from hhexp.tracking import heartbeat, process, watch
place, *words = sys.argv[1:]
process.read_place = lambda: place
heartbeat.BEAT_S, watch.SILENCE_S = 0.3, 6
from hhexp.run import main
sys.exit(main(words))
"""
"""Trains in a container that is named, and which nothing else tells from others."""


class Command:
    """A command that runs, with what it has said so far."""

    def __init__(self, shell: Any, name: str, words: list[str], place: str | None = None) -> None:
        self.log = Path(shell.folder / f"{name}.txt")
        with self.log.open("wb") as said:
            if place is None:
                self.process = shell.start(said, "run", *words)
            else:
                inline = [sys.executable, "-c", COMMAND, place, *words, "hydra/launcher=inline"]
                self.process = subprocess.Popen(
                    inline, cwd=shell.folder, env=shell.environment, stdout=said, stderr=said
                )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.said or self.process.poll() is not None)
        assert text in self.said

    def kill(self) -> None:
        """End it and all that it has started, as when the machine fails."""
        own = psutil.Process(self.process.pid)
        for each in [own, *own.children(recursive=True)]:
            each.kill()
        self.process.wait(60)

    def finish(self) -> int:
        return int(self.process.wait(300))


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 180
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def count_epochs(shell: Any, run_id: str) -> Counter[int]:
    """How often each epoch of a run was logged."""
    history = shell.store.client().get_metric_history(run_id, "val/loss")
    return Counter(metric.step for metric in history)


def once(epochs: int) -> Counter[int]:
    return Counter(range(1, epochs + 1))


@pytest.mark.parametrize("seeds", [1, 2])
def test_two_commands_of_the_same_moment_train_each_epoch_once(shell: Any, seeds: int) -> None:
    sweep = ["-m", "seed=" + ",".join(map(str, range(seeds)))]
    words = shell.tiny("epochs=150", "aug=full", *sweep)
    both = [Command(shell, name, words) for name in ("one", "other")]
    assert [each.finish() for each in both] == [0, 0]
    runs = shell.runs()
    assert [run.status for run in runs] == ["FINISHED"] * seeds
    for run in runs:
        assert count_epochs(shell, run.run_id) == once(150)
        assert all(run.run_id[:8] in each.said for each in both)
    parents = shell.store.client().search_runs(["1"], "tags.`hhexp.kind` = 'sweep'")
    assert [set(parent.data.tags["hhexp.runs"].split(",")) for parent in parents] == [
        {run.run_id for run in runs}
    ] * 2


def test_of_a_short_and_a_long_run_one_trains_what_both_share(shell: Any) -> None:
    words = shell.tiny("aug=full", "state.keep=all")
    both = [Command(shell, str(n), [*words, f"epochs={n}"]) for n in (100, 200)]
    assert [each.finish() for each in both] == [0, 0]
    assert sum("continues from epoch 100" in each.said for each in both) == 1
    for run in shell.runs():
        assert count_epochs(shell, run.run_id) == once(int(run.params["epochs"]))


def start_two(
    shell: Any, place: str | None = None, other_place: str | None = None
) -> tuple[Command, Command]:
    """Two of one command: that which trains, some epochs after its first, and that which waits."""
    words = shell.tiny("epochs=400", "aug=full", "state.every=5")
    one = Command(shell, "one", words, place)
    other = Command(shell, "other", words, other_place)
    wait_until(lambda: "waits for run" in one.said + other.said)
    waiting = one if "waits for run" in one.said else other
    (run,) = shell.runs()
    wait_until(lambda: len(count_epochs(shell, run.run_id)) > 10)
    return (one if waiting is other else other), waiting


def test_where_one_is_killed_the_other_goes_on_with_its_run(shell: Any) -> None:
    training, waiting = start_two(shell)
    training.kill()
    assert waiting.finish() == 0
    (run,) = shell.runs()
    assert (run.status, count_epochs(shell, run.run_id)) == ("FINISHED", once(400))
    assert f"started, run {run.run_id[:8]}, continues from epoch" in waiting.said


def test_ctrl_c_ends_one_that_waits_and_leaves_the_other_alone(shell: Any) -> None:
    training, waiting = start_two(shell)
    os.kill(waiting.process.pid, signal.SIGINT)
    assert waiting.finish() == 130
    assert training.process.poll() is None
    assert training.finish() == 0
    (run,) = shell.runs()
    assert (run.status, count_epochs(shell, run.run_id)) == ("FINISHED", once(400))


def test_two_containers_of_one_host_name_never_train_one_run_together(shell: Any) -> None:
    training, waiting = start_two(shell, "a container", "another container")
    assert "(another machine or container of this name) seems to be training it" in waiting.said
    training.kill()
    assert waiting.finish() == 0  # when the heartbeat has stopped
    (run,) = shell.runs()
    assert (run.status, count_epochs(shell, run.run_id)) == ("FINISHED", once(400))


def suspend(pid: int, database: Path) -> None:
    """Suspend a process between two of its writes: no other could write during one of them."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        with (
            contextlib.closing(sqlite3.connect(database, timeout=0.1)) as connection,
            contextlib.suppress(sqlite3.OperationalError),
        ):
            connection.execute("BEGIN EXCLUSIVE")
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)


def test_a_suspended_process_that_comes_back_leaves_its_run_to_the_one_that_took_it(
    shell: Any,
) -> None:
    training, waiting = start_two(shell, "a container", "another container")
    suspend(training.process.pid, shell.store.database)
    waiting.wait_for("started, run")
    os.kill(training.process.pid, signal.SIGCONT)
    assert training.finish() == 1
    assert "was taken over, as nothing had been heard of this process" in training.said
    assert waiting.finish() == 0
    (run,) = shell.runs()
    assert run.status == "FINISHED"
    assert "hhexp.error" not in run.tags

"""A finished run answers a job with all that was asked for; a run keeps what it said."""

from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.display.events import RunEnded
from hhexp.experiment import reuse
from hhexp.experiment.plan import Plan
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.mark.parametrize("label", ["cats", "c++", "\U0001f40e", "x" * 250])
def test_a_reused_run_has_the_objective_of_any_class(label: str, store: Store) -> None:
    run = TrackedRun.start(store, "study", "a run")
    run.log_epoch(1, {f"val/recall/{label}": 0.1, "val/recall/c##": 0.2})
    run.log_epoch(2, {f"val/recall/{label}": 0.6, "val/recall/c##": 0.7})
    config = SimpleNamespace(objective=f"val/recall/{label}")
    job: Any = SimpleNamespace(key="a job", config=config, judged=False)
    said: list[Any] = []
    reuse(job, store, Plan("hit", run.run_id), said.append)
    assert said == [RunEnded("a job", run.run_id, "FINISHED", "reused a finished run", 0.6)]


CALLBACK = """
from hhexp.config.registry import epoch_callback


@epoch_callback
def speak(done):
    print(f"my own word after epoch {done.number}")
    if done.number == 3:
        raise RuntimeError("no more words")
"""


@pytest.mark.slow
def test_a_run_keeps_what_it_said_and_what_its_code_printed(shell: Any) -> None:
    (shell.folder / "mine.py").write_text(CALLBACK)
    words = ["modules=[mine]", "callbacks=[speak]"]
    for epochs, status in ((1, 0), (2, 0), (3, 1)):
        told = shell.train(*words, f"epochs={epochs}")
        assert told.returncode in (status, 2 if status else 0), told.stderr
    first, second, third = shell.runs()
    said = shell.artifact(first.run_id, "console/from_epoch_001.txt").read_text()
    assert "epoch 1/1, train loss" in said
    assert "my own word after epoch 1" in said
    said = shell.artifact(second.run_id, "console/from_epoch_002.txt").read_text()
    assert "my own word after epoch 2" in said and "after epoch 1" not in said
    said = shell.artifact(third.run_id, "console/from_epoch_003.txt").read_text()
    assert "my own word after epoch 3" in said
    error = "callbacks: speak: RuntimeError: no more words (mine.py, line 9)"
    assert said.endswith(f"FAILED: {error}\n")

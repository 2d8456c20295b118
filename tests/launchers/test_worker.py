"""Workers start ahead of their jobs, and leave none behind."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import pytest

from hhexp.config.schema import Runtime
from hhexp.launchers.worker import Worker, event_queue

CPU = Runtime(device="cpu", threads=1, precision="float32", isa="native")


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker(event_queue(), "")
    yield made
    made.drop()


def process_that_listens(worker: Worker) -> BaseProcess:
    """The worker's process, once it knows what to do at Ctrl-C."""
    pid = worker._process.submit(os.getpid).result()
    (child,) = multiprocessing.active_children()
    assert child.pid == pid
    return child


def test_a_worker_that_no_job_needs_ends_at_once(worker: Worker) -> None:
    child = process_that_listens(worker)
    worker.import_ahead(CPU)
    worker.drop()
    assert child.exitcode == -signal.SIGKILL
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("seconds", [1, 20])
def test_ctrl_c_ends_a_worker_without_a_run_quietly(
    worker: Worker, seconds: float, capfd: pytest.CaptureFixture[str]
) -> None:
    child = process_that_listens(worker)
    worker.import_ahead(CPU)
    time.sleep(seconds)  # amid its imports, and when it has nothing to do
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    child.join(30)
    assert not child.is_alive()
    assert "Traceback" not in capfd.readouterr().err

"""Workers start ahead of their jobs, and leave none behind."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess

import pytest

from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Phase, Question
from hhexp.launching.engines import worker as module
from hhexp.launching.engines.worker import Worker

SAID = Phase("a job", "reading the images")
BEGIN_AN_EVENT = """
import os
from hhexp.launching.engines import worker
os.write(worker._events.fileno(), b"half")
os._exit(9)
"""

CPU = Runtime(device="cpu", threads=1, precision="float32", isa="native")


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("")
    yield made
    made.drop()


def process_that_listens(worker: Worker) -> BaseProcess:
    """The worker's process, once it knows what to do at Ctrl-C."""
    pid = worker._process.submit(os.getpid).result()
    (child,) = multiprocessing.active_children()
    assert child.pid == pid
    return child


def wait_for(child: BaseProcess) -> None:
    """Wait until a process has ended. A thread of the pool waits as well, and join may miss it."""
    deadline = time.monotonic() + 120
    while child.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_that_no_job_needs_ends_at_once(worker: Worker) -> None:
    child = process_that_listens(worker)
    worker.import_ahead(CPU)
    worker.drop()
    assert child.exitcode == -signal.SIGKILL
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("own", [None, "glibc.malloc.check=0", "glibc.malloc.hugetlb=0"])
def test_a_worker_has_huge_pages_unless_the_person_decides(
    own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "GLIBC_TUNABLES"
    if own is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, own)
    made = Worker("")
    seen = made._process.submit(os.getenv, name).result()
    made.drop()
    huge = "glibc.malloc.hugetlb=1"
    assert seen == {None: huge, "glibc.malloc.check=0": f"{own}:{huge}"}.get(own, own)
    assert os.environ.get(name) == own


def test_workers_that_start_at_once_leave_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)

    def start(_: int) -> None:
        for _ in range(2000):
            with module._prepare_start():
                assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(start, range(4)))
    assert "GLIBC_TUNABLES" not in os.environ


def test_a_worker_outlives_the_terminal_until_it_is_told(worker: Worker) -> None:
    child = process_that_listens(worker)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGHUP)
    assert process_that_listens(worker).pid == child.pid


def test_ctrl_c_ends_a_worker_that_still_starts_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    made = Worker("")
    (child,) = multiprocessing.active_children()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    wait_for(child)
    assert child.exitcode == 1
    made.drop()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("seconds", [1, 20])
def test_ctrl_c_ends_a_worker_without_a_run_quietly(
    worker: Worker, seconds: float, capfd: pytest.CaptureFixture[str]
) -> None:
    child = process_that_listens(worker)
    worker.import_ahead(CPU)
    time.sleep(seconds)  # amid its imports, and when it has nothing to do
    assert child.pid is not None
    os.kill(child.pid, signal.SIGINT)
    wait_for(child)
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_process_said_before_it_died_is_heard_and_no_more_is_waited_for() -> None:
    heard: list[Event] = []
    began = time.monotonic()
    with Worker("") as dying, Worker("") as other:
        for each in (dying, other):
            each.listen(heard.append)
        dying._process.submit(module._report, SAID).result()
        with pytest.raises(BrokenProcessPool):
            dying._process.submit(exec, BEGIN_AN_EVENT).result()
        other._process.submit(module._report, SAID).result()
    assert heard == [SAID, SAID]
    assert not multiprocessing.active_children()
    assert time.monotonic() - began < 60


def test_a_worker_goes_on_when_nobody_listens() -> None:
    with Worker("") as worker:
        worker._events.close()
        worker._process.submit(module._report, SAID).result()
        assert worker._process.submit(os.getpid).result()


def test_a_run_is_told_what_the_command_answers() -> None:
    heard: list[Event] = []
    with Worker("") as worker:
        worker.listen(heard.append, lambda question: f"ends at {question.values}")
        answer = worker._process.submit(module._ask, Question("a job", (0.5,))).result()
    assert (answer, heard) == ("ends at (0.5,)", [])


def test_a_run_goes_on_when_nobody_answers() -> None:
    with Worker("") as worker:
        worker._events.close()
        assert worker._process.submit(module._ask, Question("a job", (0.5,))).result() == ""

"""A process that trains one job after another, and how it learns that it should stop.

While a job trains, a thread logs the results of the one before.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Judge, Question, Report, go_on
from hhexp.experiment import Job
from hhexp.launching.engines import interruption
from hhexp.launching.main_module import hide_main_module
from hhexp.tracking.journal import flush_journals
from hhexp.training.runtime import set_huge_pages

GRACE_S = 60
"""How long after Ctrl-C workers may take to mark their runs, in seconds."""
LAST_WORDS_S = 10
"""How long what a process has said may take to be reported after its end, in seconds."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What a worker hears that should stop."""

_context = multiprocessing.get_context("spawn")
_start = threading.Lock()
"""The environment is one for all threads that start workers."""


class Worker:
    """A process of this one's.

    It has a pipe of its own for what happens in it, and for what it asks: where it dies, no other
    waits for its lock.
    """

    def __init__(self, slot: str) -> None:
        """Start the process; ``slot`` is its CUDA_VISIBLE_DEVICES."""
        self.slot = slot
        self._events, sender = _context.Pipe()
        self._process = ProcessPoolExecutor(
            1, mp_context=_context, initializer=_begin, initargs=(sender, slot)
        )
        with _prepare_start():
            self._process.submit(os.getpid)  # which starts it
        sender.close()  # the process has its own: when it ends, so does the pipe
        self._listener: threading.Thread | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        """End the process when it has logged all, and see that all that it said is reported."""
        with contextlib.suppress(BrokenProcessPool):  # it has died
            self._process.submit(_leave)
        self._process.shutdown()
        if self._listener:
            self._listener.join(LAST_WORDS_S)

    def listen(self, report: Report, judge: Judge = go_on) -> None:
        """Report, from a thread, what happens to its jobs, and answer what these ask."""
        self._listener = threading.Thread(target=self._listen, args=(report, judge), daemon=True)
        self._listener.start()

    def _listen(self, report: Report, judge: Judge) -> None:
        with self._events:
            while True:
                try:
                    said = self._events.recv()
                    if isinstance(said, Question):
                        self._events.send(judge(said))
                        continue
                except (EOFError, OSError):  # the process has ended, maybe amid an event
                    return
                report(said)

    def import_ahead(self, runtime: Runtime) -> None:
        """Import what takes long, beside whatever this process does until the first job is ready.

        What goes wrong in it goes wrong in the first job again, and is said there.
        """
        self._process.submit(_import_ahead, runtime.model_dump())

    def train(self, job: Job, parent_id: str | None) -> None:
        """Let it train a job, and wait until it can take another; how a job ended is an event.

        Raises:
            BrokenProcessPool: the process died.
        """
        self._process.submit(_train, job, parent_id).result()

    def detach(self) -> None:
        """Let it outlive the group of this process, where others end that whole at once."""
        self._process.submit(os.setpgrp)

    def drop(self) -> None:
        """End a process that no job was given to."""
        signal_workers(signal.SIGKILL)
        self._process.shutdown(cancel_futures=True)
        self._events.close()


@contextlib.contextmanager
def _prepare_start() -> Iterator[None]:
    """Give a process that is started meanwhile large pages of memory, and its signals later.

    It inherits that signals wait, until it has set up what they do.
    """
    name = "GLIBC_TUNABLES"
    with _start, hide_main_module():
        own = os.environ.get(name)
        os.environ[name] = set_huge_pages(own)
        waited_for = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, waited_for)
            del os.environ[name]
            if own is not None:
                os.environ[name] = own


def signal_workers(number: signal.Signals) -> None:
    """Send a signal to all processes of this one's."""
    for worker in multiprocessing.active_children():
        if worker.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)


# In the process.

_events: Connection
_speaking = threading.Lock()
_training = threading.Event()
_results = ThreadPoolExecutor(1, thread_name_prefix="results")
_logging: Future[None] | None = None
"""The results that are being logged, or were last."""


def _begin(events: Connection, slot: str) -> None:
    """Set up a worker: its GPU, where its events go, and how it learns that it should stop."""
    global _events
    _events = events
    os.environ["CUDA_VISIBLE_DEVICES"] = slot
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent hears it, and passes it on as Ctrl-C
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _stop(number: int, frame: FrameType | None) -> None:
    # A terminal sends Ctrl-C to the workers too, and the parent sends it again.
    interruption.note()
    if not _training.is_set():
        threading.Thread(target=_leave, args=(1,)).start()


def _watch_parent() -> None:
    """When the process that started this one is gone, stop as by Ctrl-C, and then leave."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        interruption.note()
        deadline = time.monotonic() + GRACE_S
        while _training.is_set() and time.monotonic() < deadline:
            time.sleep(0.1)
        _leave(1)


def _import_ahead(runtime: Mapping[str, Any]) -> None:
    from hhexp.tracking import quiet
    from hhexp.training.runtime import start_tensorflow

    start_tensorflow(**runtime)
    quiet.import_ahead()
    gc.freeze()  # Keras looks for garbage before each run; none of this will be any


def _train(job: Job, parent_id: str | None) -> None:
    _training.set()
    try:
        experiment.run(job, _report_and_check, parent_id, later=_log_later, judge=_ask)
    finally:
        _training.clear()


def _log_later(log: Callable[[], None]) -> None:
    """Log results in a thread, once those of the job before are logged."""
    global _logging
    if _logging:
        _logging.result()
    _logging = _results.submit(log)


def _leave(status: int = 0) -> None:
    """End this process when all is logged. TensorFlow would take a second to take itself apart."""
    if _logging:
        wait([_logging], GRACE_S)
    if not interruption.is_noted():  # who interrupts does not wait
        flush_journals()
    os._exit(status)


def _report_and_check(event: Event) -> None:
    _report(event)
    interruption.check(event)


def _ask(question: Question) -> str:
    """Wait for the command's answer. Where it is gone, this process learns that in another way."""
    with contextlib.suppress(EOFError, OSError):
        with _speaking:
            _events.send(question)
        return str(_events.recv())
    return go_on(question)


def _report(event: Event) -> None:
    with (
        _speaking,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),
    ):  # nobody listens any more
        _events.send(event)

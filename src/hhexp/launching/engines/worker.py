"""A fresh process that trains one job after another, and how it learns that it should stop."""

import _thread
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Report
from hhexp.experiment import Job, Outcome
from hhexp.training.runtime import set_huge_pages

GRACE_S = 60
"""How long after Ctrl-C workers may take to mark their runs, in seconds."""
LAST_WORDS_S = 10
"""How long to wait for the last events of a process after its end, in seconds."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What a worker hears that should stop."""

_context = multiprocessing.get_context("spawn")
_start = threading.Lock()
"""The environment is one for all threads that start workers."""


class Worker:
    """A process of this one's.

    It has a pipe of its own for what happens in it: where it dies, no other waits for its lock.
    """

    def __init__(self, slot: str) -> None:
        """Start the process; ``slot`` is its CUDA_VISIBLE_DEVICES."""
        self.slot = slot
        self._events, sender = _context.Pipe(duplex=False)
        self._process = ProcessPoolExecutor(
            1, mp_context=_context, initializer=_begin, initargs=(sender, slot)
        )
        with _prepare_start():
            self._process.submit(os.getpid)  # which starts it
        sender.close()  # the process has its own: when it ends, so does the pipe
        self._listener: threading.Thread | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, and make sure that all its events are reported."""
        with contextlib.suppress(BrokenProcessPool):  # it has died
            self._process.submit(_leave)
        self._process.shutdown()
        if self._listener:
            self._listener.join(LAST_WORDS_S)

    def listen(self, report: Report) -> None:
        """Report, from a thread, what happens to its jobs."""
        self._listener = threading.Thread(target=self._listen, args=(report,), daemon=True)
        self._listener.start()

    def _listen(self, report: Report) -> None:
        with self._events:
            while True:
                try:
                    event = self._events.recv()
                except (EOFError, OSError):  # the process has ended, maybe amid an event
                    return
                report(event)

    def import_ahead(self, runtime: Runtime) -> None:
        """Import what takes long, beside whatever this process does until the first job is ready.

        An error in it happens again in the first job, and is reported there.
        """
        self._process.submit(_import_ahead, runtime.model_dump())

    def train(self, job: Job, parent_id: str | None) -> Outcome:
        """Let it train a job, and wait for the outcome.

        Raises:
            BrokenProcessPool: the process died.
        """
        return self._process.submit(_train, job, parent_id).result()

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
    with _start:
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
_idle = threading.Event()
_idle.set()


def _begin(events: Connection, slot: str) -> None:
    """Set up a worker: its GPU, where its events go, and how it learns that it should stop."""
    global _events
    _events = events
    os.environ["CUDA_VISIBLE_DEVICES"] = slot
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt_once)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent hears it, and passes it on as Ctrl-C
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _interrupt_once(number: int, frame: Any) -> None:
    # A terminal sends Ctrl-C to the workers too, and the parent sends it again: the second must
    # not break into marking the run.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    if _idle.is_set():  # there is no run to mark
        os._exit(1)
    raise KeyboardInterrupt


def _watch_parent() -> None:
    """When the process that started this one is gone, stop as by Ctrl-C, and then leave."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _thread.interrupt_main()
        _idle.wait(GRACE_S)
        os._exit(1)


def _import_ahead(runtime: Mapping[str, Any]) -> None:
    from hhexp.tracking import quiet
    from hhexp.training.runtime import start_tensorflow

    start_tensorflow(**runtime)
    quiet.import_ahead()


def _train(job: Job, parent_id: str | None) -> Outcome:
    _idle.clear()
    try:
        return experiment.run(job, _report, parent_id)
    except KeyboardInterrupt:
        return Outcome(job.key, None, "KILLED", None, "interrupted")
    finally:
        _idle.set()


def _leave() -> None:
    """End this process. TensorFlow would take a second to take itself apart."""
    os._exit(0)


def _report(event: Event) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        _events.send(event)

"""Jobs spread over fresh processes; one that fails or dies takes no other with it."""

import _thread
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import Queue
from typing import Any

from hhexp import experiment
from hhexp.experiment import Job, Outcome
from hhexp.training.progress import Event, Report, RunEnded, RunStarted

GRACE_S = 60
"""How long after Ctrl-C workers may take to mark their runs, in seconds."""

_context = multiprocessing.get_context("spawn")
_events: "Queue[Event | None]"


def run_jobs(
    jobs: Sequence[Job], *, workers: int, report: Report, parent_id: str | None = None
) -> list[Outcome]:
    """Run each job in a process of its own, ``workers`` at once, and report as they go.

    Returns:
        the outcomes, in the jobs' order.

    Raises:
        KeyboardInterrupt: Ctrl-C; all workers have ended, and their runs are marked KILLED.
    """
    events: Queue[Event | None] = _context.Queue()
    started: dict[str, str] = {}
    listener = threading.Thread(target=_listen, args=(events, report, started), daemon=True)
    listener.start()
    with ThreadPoolExecutor(workers, thread_name_prefix="worker") as slots:
        futures = [slots.submit(_run_alone, job, events, parent_id, started) for job in jobs]
        try:
            outcomes = [future.result() for future in futures]
        except KeyboardInterrupt:
            _stop(futures)
            raise
        finally:
            events.put(None)
            listener.join()
    return outcomes


def _listen(events: "Queue[Event | None]", report: Report, started: dict[str, str]) -> None:
    while (event := events.get()) is not None:
        if isinstance(event, RunStarted):
            started[event.job] = event.run_id
        report(event)


def _run_alone(
    job: Job, events: "Queue[Event | None]", parent_id: str | None, started: dict[str, str]
) -> Outcome:
    """One job in one fresh process, so that nothing leaks from job to job."""
    with ProcessPoolExecutor(
        1, mp_context=_context, initializer=_begin, initargs=(events,)
    ) as process:
        try:
            return process.submit(_work, job, parent_id).result()
        except BrokenProcessPool:
            error = "its process died; was the machine out of memory?"
            run_id = started.get(job.key)
            if run_id is not None:
                experiment.mark_dead(job, run_id, "FAILED", error)
            events.put(RunEnded(job.key, run_id, "FAILED", error))
            return Outcome(job.key, run_id, "FAILED", None, error)


def _begin(events: "Queue[Event | None]") -> None:
    """Set up a worker: where its events go, and how it learns that it should stop."""
    global _events
    _events = events
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt_once)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _interrupt_once(number: int, frame: Any) -> None:
    # A terminal sends Ctrl-C to the workers too, and the parent sends it again: the second must
    # not break into marking the run.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _thread.interrupt_main()


def _work(job: Job, parent_id: str | None) -> Outcome:
    try:
        return experiment.run(job, _events.put, parent_id)
    except KeyboardInterrupt:
        return Outcome(job.key, None, "KILLED", None, "interrupted")


def _stop(futures: Sequence[Future[Outcome]]) -> None:
    """End all workers: first so that they can mark their runs, then by force."""
    for future in futures:
        future.cancel()
    _signal_workers(signal.SIGINT)
    _, late = wait(futures, timeout=GRACE_S)
    if late:
        _signal_workers(signal.SIGKILL)


def _signal_workers(number: signal.Signals) -> None:
    for worker in multiprocessing.active_children():
        if worker.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)

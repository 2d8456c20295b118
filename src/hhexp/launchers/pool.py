"""Groups of jobs spread over fresh processes; a job that fails or dies takes no other with it."""

import _thread
import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from typing import Any

from hhexp import experiment
from hhexp.experiment import Job, Outcome
from hhexp.training.progress import Event, Report, RunEnded, RunStarted

GRACE_S = 60
"""How long after Ctrl-C workers may take to mark their runs, in seconds."""

_context = multiprocessing.get_context("spawn")


def run_groups(
    groups: Sequence[Sequence[Job]],
    *,
    slots: Sequence[str],
    report: Report,
    parent_id: str | None = None,
) -> dict[str, Outcome]:
    """Run groups of jobs, each group in order in one fresh process, and report as they go.

    Args:
        groups: jobs that follow each other.
        slots: a group at a time for each; its value is the group's CUDA_VISIBLE_DEVICES.
        report: called with every event, from a thread.
        parent_id: the sweep's run.

    Returns:
        each job's outcome by its key.

    Raises:
        KeyboardInterrupt: Ctrl-C; all workers have ended, and their runs are marked KILLED.
    """
    pool = _Pool(report, parent_id)
    for slot in slots:
        pool.free.put(slot)
    with ThreadPoolExecutor(len(slots), thread_name_prefix="group") as threads:
        futures = [threads.submit(pool.run_group, group) for group in groups]
        try:
            done = [future.result() for future in futures]
        except KeyboardInterrupt:
            pool.stop(futures)
            raise
        finally:
            pool.close()
    return {outcome.key: outcome for outcomes in done for outcome in outcomes}


@dataclass
class _Pool:
    """What the groups of one call share."""

    report: Report
    parent_id: str | None
    events: "Queue[Event | None]" = field(default_factory=_context.Queue)
    free: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    started: dict[str, str] = field(default_factory=dict)
    """Run IDs by the keys of the jobs that have started to train."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def run_group(self, group: Sequence[Job]) -> list[Outcome]:
        """Run the jobs of a group in one process, in another one after it died."""
        slot = self.free.get()
        outcomes: list[Outcome] = []
        try:
            while len(outcomes) < len(group) and not self.stopping.is_set():
                with ProcessPoolExecutor(
                    1, mp_context=_context, initializer=_begin, initargs=(self.events, slot)
                ) as process:
                    self._run_in(process, group, outcomes)
        finally:
            self.free.put(slot)
        return outcomes

    def _run_in(
        self, process: ProcessPoolExecutor, group: Sequence[Job], outcomes: list[Outcome]
    ) -> None:
        for job in group[len(outcomes) :]:
            if self.stopping.is_set():
                return
            try:
                outcomes.append(process.submit(_work, job, self.parent_id).result())
            except BrokenProcessPool:
                outcomes.append(self._died(job))
                return

    def _died(self, job: Job) -> Outcome:
        """The outcome of a job whose process ended under it."""
        status, error = "FAILED", "its process died; was the machine out of memory?"
        if self.stopping.is_set():
            status, error = "KILLED", "interrupted"
        run_id = self.started.get(job.key)
        if run_id is not None:
            experiment.mark_dead(job, run_id, status, error)
        self.events.put(RunEnded(job.key, run_id, status, error))
        return Outcome(job.key, run_id, status, None, error)

    def stop(self, futures: Sequence["Future[list[Outcome]]"]) -> None:
        """End all workers: first so that they can mark their runs, then by force."""
        self.stopping.set()
        for future in futures:
            future.cancel()
        _signal_workers(signal.SIGINT)
        _, late = wait(futures, timeout=GRACE_S)
        if late:
            _signal_workers(signal.SIGKILL)

    def close(self) -> None:
        """Report what is still under way, and end the listening."""
        self.events.put(None)
        self.listener.join()

    def _listen(self) -> None:
        while (event := self.events.get()) is not None:
            if isinstance(event, RunStarted):
                self.started[event.job] = event.run_id
            self.report(event)


def _signal_workers(number: signal.Signals) -> None:
    for worker in multiprocessing.active_children():
        if worker.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, number)


# In a worker.

_events: "Queue[Event | None]"
_idle = threading.Event()
_idle.set()


def _begin(events: "Queue[Event | None]", slot: str) -> None:
    """Set up a worker: its GPU, where its events go, and how it learns that it should stop."""
    global _events
    _events = events
    os.environ["CUDA_VISIBLE_DEVICES"] = slot
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
    """When the process that started this one is gone, stop as by Ctrl-C, and then leave."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _thread.interrupt_main()
        _idle.wait(GRACE_S)
        os._exit(1)


def _work(job: Job, parent_id: str | None) -> Outcome:
    _idle.clear()
    try:
        return experiment.run(job, _events.put, parent_id)
    except KeyboardInterrupt:
        return Outcome(job.key, None, "KILLED", None, "interrupted")
    finally:
        _idle.set()

"""Trains in processes of its own, so that a job that dies takes no other with it."""

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Self

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Report, RunEnded, RunStarted
from hhexp.errors import one_line
from hhexp.experiment import Job
from hhexp.launching.devices import choose_device, list_slots
from hhexp.launching.engines.engine import find_shared_runtime
from hhexp.launching.engines.worker import GRACE_S, Worker, signal_workers
from hhexp.launching.tree import Tree

JOBS_A_PROCESS = 100
"""A process keeps some 2 MB of every job that it has trained."""


class Processes:
    """As many jobs at once as cores or GPUs can hold; see ``hhexp.launching.engines.engine``."""

    in_this_process = False

    def __init__(self) -> None:
        self._slots: list[str] = []
        self._runtime: Runtime | None = None
        self._ready: Worker | None = None
        """A worker that imports TensorFlow while this process looks at the data and the store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker that no job was given to."""
        self._drop_ready()

    def prepare(self, jobs: Sequence[Job]) -> int:
        """Count what the jobs can run on, and start the first process ahead."""
        is_first_batch, before = not self._slots, self._runtime
        kinds = {choose_device(job.config.runtime.device) for job in jobs}
        self._slots = list_slots(kinds, max(job.config.runtime.threads for job in jobs))
        self._runtime = find_shared_runtime(jobs)
        if self._runtime != before:
            self._drop_ready()
        if is_first_batch and self._runtime:
            self._ready = Worker(self._slots[0])
            self._ready.import_ahead(self._runtime)
        return len(self._slots)

    def run(self, tree: Tree, report: Report, parent_id: str | None = None) -> None:
        """Train each job in the next process that is free, and in another one after that died."""
        pool = _Pool(tree, report, parent_id, self._slots[: len(tree.jobs)])
        if self._ready:
            pool.workers[0], self._ready = self._ready, None
        with ThreadPoolExecutor(len(pool.slots), thread_name_prefix="slot") as threads:
            futures = [threads.submit(pool.serve, number) for number in range(len(pool.slots))]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                pool.stop(futures)
                raise
            pool.tree.stop()  # where one failed, the others must not wait for what it had
            for future in futures:
                future.result()

    def _drop_ready(self) -> None:
        if self._ready:
            self._ready.drop()
            self._ready = None


@dataclass
class _Pool:
    """What the slots of one call share; a slot is a place where one process trains at a time."""

    tree: Tree
    report: Report
    parent_id: str | None
    slots: Sequence[str]
    """Each one's CUDA_VISIBLE_DEVICES, which is empty for the CPU."""
    workers: dict[int, Worker] = field(default_factory=dict)
    """The processes that wait for a job, by the numbers of their slots."""
    started: dict[str, RunStarted] = field(default_factory=dict)
    """By the keys of the jobs that have started to train."""
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``report``."""

    def serve(self, number: int) -> None:
        """Train one job after the other at a slot, until none is left.

        A process trains the jobs that have the same runtime settings.
        """
        given: list[Job] = []
        """Those that the process at hand was given."""
        try:
            while job := self.tree.take():
                if given and not _takes(given, job):
                    self._end(number, given)
                worker = self._find_worker(number, job)
                if not given:
                    worker.listen(self._hear)
                given.append(job)
                try:
                    worker.train(job, self.parent_id)
                except BrokenProcessPool:
                    self._end(number, given)
        finally:
            self._end(number, given)

    def _find_worker(self, number: int, job: Job) -> Worker:
        """The process that waits at a slot, or a new one for a job."""
        if number not in self.workers:
            self.workers[number] = Worker(self.slots[number])
            self.workers[number].import_ahead(job.config.runtime)
        return self.workers[number]

    def _end(self, number: int, given: list[Job]) -> None:
        """End a slot's process, and the runs that it was given and has not ended itself."""
        if worker := self.workers.pop(number, None):
            with worker:
                pass
        for job in given:
            if job.key not in self.tree.outcomes:
                self._end_dead(job)
        given.clear()

    def _end_dead(self, job: Job) -> None:
        """End a job whose process ended under it."""
        status, error = "FAILED", "its process died; did the machine run out of memory?"
        if self.stopping.is_set():
            status, error = "KILLED", "interrupted"
        started = self.started.get(job.key)
        run_id = started.run_id if started else None
        if run_id is not None:
            try:
                experiment.mark_dead(job, run_id, status, error)
            except Exception as second:  # one run's trouble is not the others'
                error += f"; and it could not be marked as {status}: {one_line(second)}"
        self._hear(RunEnded(job.key, run_id, status, error))

    def stop(self, futures: Sequence["Future[None]"]) -> None:
        """End all workers: first so that they can mark their runs, then by force."""
        self.stopping.set()
        self.tree.stop()
        signal_workers(signal.SIGINT)
        try:
            _, late = wait(futures, timeout=GRACE_S)
        except KeyboardInterrupt:  # a second one: at once
            signal_workers(signal.SIGKILL)
            raise
        if late:
            signal_workers(signal.SIGKILL)

    def _hear(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self.started[event.job] = event
            self.report(event)
        self.tree.hear(event)


def _takes(given: Sequence[Job], job: Job) -> bool:
    """Whether a process that was given these jobs can train another."""
    return len(given) < JOBS_A_PROCESS and given[-1].config.runtime == job.config.runtime

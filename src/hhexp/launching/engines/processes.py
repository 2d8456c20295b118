"""Trains in fresh processes, so that a job that fails or dies takes no other with it."""

import signal
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Self

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import EpochDone, Event, Report, RunEnded, RunStarted
from hhexp.experiment import Job, Outcome
from hhexp.launching.devices import choose_device, list_slots
from hhexp.launching.engines.engine import Group, find_shared_runtime
from hhexp.launching.engines.worker import GRACE_S, Worker, signal_workers


class Processes:
    """As many groups at once as cores or GPUs can hold; see ``hhexp.launching.engines.engine``."""

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

    def run(
        self, groups: Sequence[Group], report: Report, parent_id: str | None = None
    ) -> dict[str, Outcome]:
        """Train each group in a fresh process, and in another one after that has died."""
        pool = _Pool(report, parent_id, self._runtime, self._slots[: len(groups)], deque(groups))
        if self._ready:
            pool.ready[0], self._ready = self._ready, None
        with ThreadPoolExecutor(len(pool.slots), thread_name_prefix="slot") as threads:
            futures = [threads.submit(pool.serve, number) for number in range(len(pool.slots))]
            try:
                done = [future.result() for future in futures]
            except KeyboardInterrupt:
                pool.stop(futures)
                raise
        return {outcome.key: outcome for outcomes in done for outcome in outcomes}

    def _drop_ready(self) -> None:
        if self._ready:
            self._ready.drop()
            self._ready = None


@dataclass
class _Pool:
    """What the slots of one call share; a slot is a place where one process trains at a time."""

    report: Report
    parent_id: str | None
    runtime: Runtime | None
    """What all jobs run on, if they do: on a CPU a group's process is then started while the one
    before it logs its results, on one core."""
    slots: Sequence[str]
    """Each one's CUDA_VISIBLE_DEVICES, which is empty for the CPU."""
    waiting: deque[Group]
    ready: dict[int, Worker] = field(default_factory=dict)
    """Workers that were started ahead, by the numbers of their slots."""
    started: dict[str, RunStarted] = field(default_factory=dict)
    """By the keys of the jobs that have started to train."""
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``report``."""

    def serve(self, number: int) -> list[Outcome]:
        """Run one group after the other at a slot, until none is left."""
        outcomes: list[Outcome] = []
        while not self.stopping.is_set():
            try:
                group = self.waiting.popleft()
            except IndexError:
                break
            outcomes += self._run_group(number, group)
        if unused := self.ready.pop(number, None):
            with unused:
                pass
        return outcomes

    def _run_group(self, number: int, group: Group) -> list[Outcome]:
        """Run the jobs of a group in one process, in another one after it died."""

        def heard(event: Event) -> None:
            self._hear(event)
            if isinstance(event, EpochDone) and self._is_last(event, group):
                self._start_ahead(number)

        outcomes: list[Outcome] = []
        while len(outcomes) < len(group) and not self.stopping.is_set():
            with self.ready.pop(number, None) or Worker(self.slots[number]) as worker:
                worker.listen(heard)
                died = self._run_in(worker, group, outcomes)
            if died:
                outcomes.append(self._end_dead(died))
        return outcomes

    def _is_last(self, event: EpochDone, group: Group) -> bool:
        """Whether a group has nothing left to train."""
        started = self.started.get(event.job)
        return event.job == group[-1].key and started is not None and event.epoch == started.epochs

    def _start_ahead(self, number: int) -> None:
        """Start the process of the next group; not on a GPU, which is of one process at a time."""
        slot = self.slots[number]
        if slot == "" and self.runtime and self.waiting and not self.stopping.is_set():
            self.ready[number] = Worker(slot)
            self.ready[number].import_ahead(self.runtime)

    def _run_in(self, worker: Worker, group: Group, outcomes: list[Outcome]) -> Job | None:
        """Run the jobs that have no outcome yet; the one under which the process died."""
        for job in group[len(outcomes) :]:
            if self.stopping.is_set():
                break
            try:
                outcomes.append(worker.train(job, self.parent_id))
            except BrokenProcessPool:
                return job
        return None

    def _end_dead(self, job: Job) -> Outcome:
        """The outcome of a job whose process ended under it."""
        status, error = "FAILED", "its process died; did the machine run out of memory?"
        if self.stopping.is_set():
            status, error = "KILLED", "interrupted"
        started = self.started.get(job.key)
        run_id = started.run_id if started else None
        if run_id is not None:
            experiment.mark_dead(job, run_id, status, error)
        self._hear(RunEnded(job.key, run_id, status, error))
        return Outcome(job.key, run_id, status, None, error)

    def stop(self, futures: Sequence["Future[list[Outcome]]"]) -> None:
        """End all workers: first so that they can mark their runs, then by force."""
        self.stopping.set()
        for future in futures:
            future.cancel()
        signal_workers(signal.SIGINT)
        _, late = wait(futures, timeout=GRACE_S)
        if late:
            signal_workers(signal.SIGKILL)

    def _hear(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self.started[event.job] = event
            self.report(event)

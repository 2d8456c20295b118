"""Groups of jobs spread over fresh processes; a job that fails or dies takes no other with it."""

import signal
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import EpochDone, Event, Report, RunEnded, RunStarted
from hhexp.experiment import Job, Outcome
from hhexp.launching.engines.worker import GRACE_S, Worker, signal_workers


def run_groups(
    groups: Sequence[Sequence[Job]],
    *,
    slots: Sequence[str],
    report: Report,
    parent_id: str | None = None,
    runtime: Runtime | None = None,
    ready: Worker | None = None,
) -> dict[str, Outcome]:
    """Run groups of jobs, each group in order in one fresh process, and report as they go.

    Args:
        groups: jobs that follow each other.
        slots: a group at a time for each; its value is the group's CUDA_VISIBLE_DEVICES.
        report: called with every event, from threads, one at a time.
        parent_id: the sweep's run.
        runtime: what all jobs run on, if they do: on a CPU a group's process is then started while
            the one before it logs its results, on one core.
        ready: a worker at one of the slots that was started ahead.

    Returns:
        each job's outcome by its key.

    Raises:
        KeyboardInterrupt: Ctrl-C; all workers have ended, and their runs are marked KILLED.
    """
    pool = _Pool(report, parent_id, runtime, slots, deque(groups))
    if ready:
        pool.ready[slots.index(ready.slot)] = ready
    with ThreadPoolExecutor(len(slots), thread_name_prefix="slot") as threads:
        futures = [threads.submit(pool.serve, number) for number in range(len(slots))]
        try:
            done = [future.result() for future in futures]
        except KeyboardInterrupt:
            pool.stop(futures)
            raise
    return {outcome.key: outcome for outcomes in done for outcome in outcomes}


@dataclass
class _Pool:
    """What the slots of one call share."""

    report: Report
    parent_id: str | None
    runtime: Runtime | None
    slots: Sequence[str]
    waiting: deque[Sequence[Job]]
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

    def _run_group(self, number: int, group: Sequence[Job]) -> list[Outcome]:
        """Run the jobs of a group in one process, in another one after it died."""

        def heard(event: Event) -> None:
            self._heard(event)
            if isinstance(event, EpochDone) and self._is_last(event, group):
                self._start_ahead(number)

        outcomes: list[Outcome] = []
        while len(outcomes) < len(group) and not self.stopping.is_set():
            with self.ready.pop(number, None) or Worker(self.slots[number]) as worker:
                worker.listen(heard)
                died = self._run_in(worker, group, outcomes)
            if died:
                outcomes.append(self._died(died))
        return outcomes

    def _is_last(self, event: EpochDone, group: Sequence[Job]) -> bool:
        """Whether a group has nothing left to train."""
        started = self.started.get(event.job)
        return event.job == group[-1].key and started is not None and event.epoch == started.epochs

    def _start_ahead(self, number: int) -> None:
        """Start the process of the next group; not on a GPU, which is of one process at a time."""
        slot = self.slots[number]
        if slot == "" and self.runtime and self.waiting and not self.stopping.is_set():
            self.ready[number] = Worker(slot)
            self.ready[number].import_ahead(self.runtime)

    def _run_in(self, worker: Worker, group: Sequence[Job], outcomes: list[Outcome]) -> Job | None:
        """Run the jobs that have no outcome yet; the one under which the process died."""
        for job in group[len(outcomes) :]:
            if self.stopping.is_set():
                break
            try:
                outcomes.append(worker.train(job, self.parent_id))
            except BrokenProcessPool:
                return job
        return None

    def _died(self, job: Job) -> Outcome:
        """The outcome of a job whose process ended under it."""
        status, error = "FAILED", "its process died; was the machine out of memory?"
        if self.stopping.is_set():
            status, error = "KILLED", "interrupted"
        started = self.started.get(job.key)
        run_id = started.run_id if started else None
        if run_id is not None:
            experiment.mark_dead(job, run_id, status, error)
        self._heard(RunEnded(job.key, run_id, status, error))
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

    def _heard(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self.started[event.job] = event
            self.report(event)

"""Groups of jobs spread over fresh processes; a job that fails or dies takes no other with it."""

import queue
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from hhexp import experiment
from hhexp.experiment import Job, Outcome
from hhexp.launchers.worker import GRACE_S, Worker, signal_workers
from hhexp.training.progress import Event, Report, RunEnded, RunStarted


def run_groups(
    groups: Sequence[Sequence[Job]],
    *,
    slots: Sequence[str],
    report: Report,
    parent_id: str | None = None,
    ready: Worker | None = None,
) -> dict[str, Outcome]:
    """Run groups of jobs, each group in order in one fresh process, and report as they go.

    Args:
        groups: jobs that follow each other.
        slots: a group at a time for each; its value is the group's CUDA_VISIBLE_DEVICES.
        report: called with every event, from threads, one at a time.
        parent_id: the sweep's run.
        ready: a worker at one of the slots that was started ahead.

    Returns:
        each job's outcome by its key.

    Raises:
        KeyboardInterrupt: Ctrl-C; all workers have ended, and their runs are marked KILLED.
    """
    pool = _Pool(report, parent_id)
    if ready:
        pool.ready[ready.slot] = ready
    for slot in slots:
        pool.free.put(slot)
    with ThreadPoolExecutor(len(slots), thread_name_prefix="group") as threads:
        futures = [threads.submit(pool.run_group, group) for group in groups]
        try:
            done = [future.result() for future in futures]
        except KeyboardInterrupt:
            pool.stop(futures)
            raise
    return {outcome.key: outcome for outcomes in done for outcome in outcomes}


@dataclass
class _Pool:
    """What the groups of one call share."""

    report: Report
    parent_id: str | None
    ready: dict[str, Worker] = field(default_factory=dict)
    free: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    started: dict[str, str] = field(default_factory=dict)
    """Run IDs by the keys of the jobs that have started to train."""
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``report``."""

    def run_group(self, group: Sequence[Job]) -> list[Outcome]:
        """Run the jobs of a group in one process, in another one after it died."""
        slot = self.free.get()
        outcomes: list[Outcome] = []
        try:
            while len(outcomes) < len(group) and not self.stopping.is_set():
                with self.ready.pop(slot, None) or Worker(slot) as worker:
                    worker.listen(self._heard)
                    died = self._run_in(worker, group, outcomes)
                if died:
                    outcomes.append(self._died(died))
        finally:
            self.free.put(slot)
        return outcomes

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
        run_id = self.started.get(job.key)
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
                self.started[event.job] = event.run_id
            self.report(event)

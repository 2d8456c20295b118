"""The slots of a sweep: at each one process trains one job after another.

Where a process is lost, another takes its slot, and its jobs end or go again.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Protocol, Self

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Judge, Report, RunEnded, RunLost, RunStarted, StateSaved
from hhexp.errors import UserError, one_line
from hhexp.experiment import Job
from hhexp.launching.engines.worker import GRACE_S
from hhexp.launching.tree import Tree

JOBS_A_PROCESS = 100
"""A process keeps some 2 MB of every job that it has trained."""
SLOTS = 2000
"""The most processes at a time; this one has two threads for each."""
LOOK_S = 2
"""How often slots are looked for, in seconds."""
PATIENCE_S = 600
"""How long there may be none at all, in seconds."""

Slot = tuple[str, int]
"""What a process is started at (a GPU, the CPU or a node), and the slot's number there."""


DIED = "its process died; did the machine run out of memory?"


class ProcessLost(BrokenProcessPool):
    """A process is lost, for a reason that is known."""


class Trainer(Protocol):
    """A process that trains; see ``hhexp.launching.engines.worker``."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def listen(self, report: Report, judge: Judge) -> None: ...

    def import_ahead(self, runtime: Runtime) -> None: ...

    def train(self, job: Job, parent_id: str | None) -> None: ...


@dataclass
class Pool:
    """What the slots of one sweep share."""

    tree: Tree
    report: Report
    parent_id: str | None
    start: Callable[[str], Trainer]
    """Starts a process."""
    signal_all: Callable[[signal.Signals], None]
    """Sends SIGINT or SIGKILL to all of them."""
    losses: int = 0
    """How often a job may lose its process, without saving a state in between, and go again."""
    workers: dict[Slot, Trainer] = field(default_factory=dict)
    """The processes that wait for a job."""
    lost: Counter[str] = field(default_factory=Counter)
    """How often each job has lost its process since it saved a state."""
    started: dict[str, RunStarted] = field(default_factory=dict)
    """By the keys of the jobs that have started to train."""
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``report``."""

    def train_all(self, find_slots: Callable[[], Sequence[Slot]]) -> None:
        """Train the tree's jobs at the slots there are, which may change meanwhile.

        Raises:
            UserError: there has been none for too long.
            KeyboardInterrupt: Ctrl-C; all processes have ended.
        """
        serving: dict[Slot, Future[None]] = {}
        seen = time.monotonic()
        with ThreadPoolExecutor(SLOTS, thread_name_prefix="slot") as threads:
            try:
                while serving or self.tree.demand:
                    free = [slot for slot in find_slots() if slot not in serving]
                    for slot in free[: min(self.tree.demand, SLOTS - len(serving))]:
                        serving[slot] = threads.submit(self.serve, slot)
                    if serving:
                        seen = time.monotonic()
                    elif time.monotonic() - seen > PATIENCE_S:
                        raise UserError("no machine is left to train on; the same command goes on")
                    else:
                        time.sleep(LOOK_S)
                    done, _ = wait(serving.values(), LOOK_S, FIRST_COMPLETED)
                    for slot in [slot for slot, future in serving.items() if future in done]:
                        serving.pop(slot).result()
            except KeyboardInterrupt:
                self.stop(serving.values())
                raise
            finally:
                self.tree.stop()  # where one failed, the others must not wait for what it had

    def serve(self, slot: Slot) -> None:
        """Train one job after the other at a slot, until none is left or the process is lost.

        A process trains the jobs that have the same runtime settings.
        """
        given: list[Job] = []
        """Those that the process at hand was given."""
        try:
            while job := self.tree.take():
                if given and not _takes(given, job):
                    self._end(slot, given)
                worker = self._find_worker(slot, job)
                if not given:
                    worker.listen(self._hear, self.tree.judge)
                given.append(job)
                worker.train(job, self.parent_id)
        except BrokenProcessPool as error:  # another one takes the slot, where it still is
            self._end(slot, given, str(error) if isinstance(error, ProcessLost) else DIED)
        finally:
            self._end(slot, given)

    def _find_worker(self, slot: Slot, job: Job) -> Trainer:
        """The process that waits at a slot, or a new one for a job."""
        if slot not in self.workers:
            self.workers[slot] = self.start(slot[0])
            self.workers[slot].import_ahead(job.config.runtime)
        return self.workers[slot]

    def _end(self, slot: Slot, given: list[Job], reason: str = DIED) -> None:
        """End a slot's process, and see to the jobs that it was given and has not ended itself."""
        if worker := self.workers.pop(slot, None):
            with worker:
                pass
        for job in given:
            if job.key not in self.tree.outcomes:
                self._see_to_lost(job, reason)
        given.clear()

    def _see_to_lost(self, job: Job, reason: str) -> None:
        """Let a job go again whose process ended under it, or end it."""
        status, error = "FAILED", reason
        again = False
        if self.stopping.is_set():
            status, error = "KILLED", "interrupted"
        elif again := self.lost[job.key] < self.losses:
            status, error = "KILLED", "its process was lost"
        started = self.started.pop(job.key, None)
        run_id = started.run_id if started else None
        if run_id is not None:
            try:
                experiment.mark_dead(job, run_id, status, error)
            except Exception as second:  # one run's trouble is not the others'
                error += f"; and it could not be marked as {status}: {one_line(second)}"
        if not again:
            self._hear(RunEnded(job.key, run_id, status, error))
            return
        self.lost[job.key] += 1
        self._hear(RunLost(job.key, "its process was lost: another one goes on with it"))
        self.tree.put_back(job)

    def stop(self, serving: Collection["Future[None]"]) -> None:
        """End all processes: first so that they can mark their runs, then by force."""
        self.stopping.set()
        self.tree.stop()
        self.signal_all(signal.SIGINT)
        try:
            _, late = wait(serving, timeout=GRACE_S)
        except KeyboardInterrupt:  # a second one: at once
            self.signal_all(signal.SIGKILL)
            raise
        if late:
            self.signal_all(signal.SIGKILL)

    def _hear(self, event: Event) -> None:
        with self.lock:
            if isinstance(event, RunStarted):
                self.started[event.job] = event
            elif isinstance(event, StateSaved):
                del self.lost[event.job]
            self.report(event)
        self.tree.hear(event)


def _takes(given: Sequence[Job], job: Job) -> bool:
    """Whether a process that was given these jobs can train another."""
    return len(given) < JOBS_A_PROCESS and given[-1].config.runtime == job.config.runtime

"""Trains in processes of its own, so that a job that dies takes no other with it."""

from collections.abc import Sequence
from typing import Self

from hhexp.config.schema import Runtime
from hhexp.display.events import Report
from hhexp.experiment import Job
from hhexp.launching.devices import Target, choose_device, find_target, list_slots
from hhexp.launching.engines.engine import find_shared_runtime
from hhexp.launching.engines.pool import Pool, Slot
from hhexp.launching.engines.worker import Worker, signal_workers
from hhexp.launching.tree import Tree


class Processes:
    """As many jobs at once as cores or GPUs can hold; see ``hhexp.launching.engines.engine``."""

    in_this_process = False

    def __init__(self) -> None:
        self._slots: list[Slot] = []
        self._runtime: Runtime | None = None
        self._ready: Worker | None = None
        """A worker that imports TensorFlow while this process looks at the data and the store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker that no job was given to."""
        self._drop_ready()

    def prepare(self, jobs: Sequence[Job]) -> int:
        """Count what the jobs can run on."""
        kinds = {choose_device(job.config.runtime.device) for job in jobs}
        threads = max(job.config.runtime.threads for job in jobs)
        self._slots = [(slot, n) for n, slot in enumerate(list_slots(kinds, threads))]
        return len(self._slots)

    def start_ahead(self, jobs: Sequence[Job]) -> None:
        """Start the first process, which the first batch waits for."""
        is_first_batch, before = self._runtime is None, self._runtime
        self._runtime = find_shared_runtime(jobs)
        if self._runtime != before:
            self._drop_ready()
        if is_first_batch and self._runtime:
            self._ready = Worker(self._slots[0][0])
            self._ready.import_ahead(self._runtime)

    def find_target(self, runtime: Runtime) -> Target:
        """What this machine has."""
        return find_target(runtime)

    def run(self, tree: Tree, report: Report, parent_id: str | None = None) -> None:
        """Train each job in the next process that is free, and in another one after that died."""
        pool = Pool(tree, report, parent_id, Worker, signal_workers)
        if self._ready:
            pool.workers[self._slots[0]], self._ready = self._ready, None
        pool.train_all(lambda: self._slots)

    def _drop_ready(self) -> None:
        if self._ready:
            self._ready.drop()
            self._ready = None

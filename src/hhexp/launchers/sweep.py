"""A command's runs: one, or all those of a sweep under one parent run."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console

from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.display import Job as PlannedJob
from hhexp.display import display
from hhexp.experiment import Job, Outcome, prepare, read_data, run_tags
from hhexp.launchers.pool import run_jobs
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

_current: ContextVar[Sweep] = ContextVar("sweep")


class RunFailed(Exception):
    """A job failed: what Hydra's sweepers see of it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.key}: {outcome.error}")


@dataclass
class Sweep:
    """What one command trains; a sweeper may launch its jobs in several batches."""

    console: Console
    multirun: bool
    store: Store | None = None
    parent: TrackedRun | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)

    @staticmethod
    def current() -> Sweep:
        """The sweep of the command that runs."""
        return _current.get()

    def __enter__(self) -> Sweep:
        _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the parent run as its runs have ended."""
        if self.parent:
            interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
            failed = self.failures or kind is not None
            status = "KILLED" if interrupted else "FAILED" if failed else "FINISHED"
            self.parent.finish(status, None)

    @property
    def failures(self) -> list[Outcome]:
        """The runs that did not finish."""
        return [outcome for outcome in self.outcomes if not outcome.finished]

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Check all jobs and their data, then train them.

        Raises:
            UserError: something is wrong with a job or its data; nothing was trained or logged.
        """
        configs = [prepare(job) for job in jobs]
        for config in configs:
            self._show_data(config)
        self._open_store(configs[0])
        workers = worker_count(configs)
        planned = [
            PlannedJob(job.key, config.epochs) for job, config in zip(jobs, configs, strict=True)
        ]
        with display(planned, workers, self.console) as report:
            outcomes = run_jobs(
                jobs,
                workers=workers,
                report=report,
                parent_id=self.parent.run_id if self.parent else None,
            )
        self.outcomes += outcomes
        return outcomes

    def _show_data(self, config: Config) -> None:
        """Read each data set once before any training, and say what it is."""
        key = config.data.model_dump_json()
        if key not in self.datasets:
            self.datasets.add(key)
            self.console.print(describe(read_data(config)), highlight=False, soft_wrap=True)

    def _open_store(self, config: Config) -> None:
        """Prepare the store once, before any worker uses it, and start the sweep's own run."""
        if self.store is None:
            self.store = Store.resolve(config.tracking.uri)
            self.store.prepare()
            if self.multirun:
                command = shlex.join(["python", "-m", "hhexp.run", *sys.argv[1:]])
                self.parent = TrackedRun.start(
                    self.store,
                    config.tracking.experiment,
                    " ".join(word for word in sys.argv[1:] if not word.startswith("-")),
                    None,
                    {**run_tags(config), "hhexp.kind": "sweep", "hhexp.command": command},
                )

    def conclude(self) -> int:
        """Print the table of what was trained and what to do next; the exit status."""
        if self.store is None or not self.outcomes:
            return 0
        from hhexp.analysis import summary

        made = {o.run_id: o.key for o in self.outcomes if o.run_id is not None}
        rows = summary.summary(self.store, list(made), made)
        self.console.print(summary.render(rows, "Results"))
        if self.parent:
            self.parent.log_text(summary.to_markdown(rows), "summary.md")
            self.parent.log_text(summary.to_csv(rows), "summary.csv")
        for failure in self.failures:
            self.console.print(f"{failure.status} {failure.key}: {failure.error}", style="red")
        self.console.print("Look further: python -m hhexp.ui", highlight=False)
        return 1 if self.failures else 0


def describe(dataset: Dataset) -> str:
    """One line on a data set: its images, and the classes with their indices."""
    counts = {split: sum(by_class.values()) for split, by_class in dataset.counts.items()}
    classes = ", ".join(f"{name} {index}" for index, name in enumerate(dataset.classes))
    return (
        f"{dataset.name}: {counts['train']:,} training and {counts['validation']:,} validation "
        f"images; classes: {classes}"
    )


def worker_count(configs: Sequence[Config]) -> int:
    """Runs at once: as many as the cores that this process may use can hold."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(len(configs), cores // max(config.runtime.threads for config in configs)))

"""A command's runs: one, or all those of a sweep under one parent run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console

from hhexp import experiment
from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.display import PlannedRun, display
from hhexp.experiment import Job, Outcome, make_tags, read_data
from hhexp.experiment.identity import foresee_portability
from hhexp.experiment.plan import explain_miss
from hhexp.launching.devices import choose_device
from hhexp.launching.engines import Engine, make_engine
from hhexp.launching.precision import warn_of_bfloat16
from hhexp.launching.schedule import Scheduled, schedule
from hhexp.tracking.query import make_answer_tags
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMMAND, KIND

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
    engine: Engine | None = None
    store: Store | None = None
    parent: TrackedRun | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    datasets: dict[str, Dataset] = field(default_factory=dict)

    @staticmethod
    def current() -> Sweep:
        """The sweep of the command that runs."""
        return _current.get()

    def __enter__(self) -> Self:
        _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the engine, and the sweep's own run as its runs have ended."""
        if self.engine:
            self.engine.__exit__()
        if self.parent:
            self.parent.set_tags(make_answer_tags(o.run_id for o in self.outcomes if o.run_id))
            interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
            failed = self.failures or kind is not None
            self.parent.finish(
                "KILLED" if interrupted else "FAILED" if failed else "FINISHED", None
            )

    @property
    def failures(self) -> list[Outcome]:
        """The runs that did not finish."""
        return [outcome for outcome in self.outcomes if not outcome.finished]

    @property
    def trained(self) -> dict[str, str]:
        """The runs that answer the jobs: from a run's ID to its job's key."""
        return {o.run_id: o.key for o in self.outcomes if o.run_id is not None}

    def run(self, jobs: Sequence[Job], engine: str) -> list[Outcome]:
        """Read the data of all jobs, then answer or train them.

        Args:
            jobs: a batch.
            engine: what trains them, by its name.

        Returns:
            the outcomes, in the jobs' order; of jobs that are only explained, without a run.

        Raises:
            UserError: something is wrong with a job or its data; nothing was trained or logged.
        """
        explain = any(job.config.explain for job in jobs)
        datasets = [self._read_dataset(job.config) for job in jobs]
        self._warn_of_bfloat16(jobs)
        self.engine = self.engine or make_engine(engine).__enter__()
        at_once = 0 if explain else self.engine.prepare(jobs)
        if self.store is None:
            self.store = Store.resolve(jobs[0].config.tracking.uri)
            self.store.prepare()  # once, before any worker uses it
        groups = schedule(list(zip(jobs, datasets, strict=True)), self.store)
        self._say_plans([member for group in groups for member in group])
        if explain:
            return [Outcome(job.key, None, "FINISHED", None, "") for job in jobs]
        self._start_parent(jobs[0].config)
        outcomes = self._train(groups, at_once)
        ordered = [outcomes[job.key] for job in jobs]
        self.outcomes += ordered
        return ordered

    def _read_dataset(self, config: Config) -> Dataset:
        """Read each data set once before any training, and print a line about it."""
        key = config.data.model_dump_json()
        if key not in self.datasets:
            self.datasets[key] = read_data(config)
            self.say(describe_dataset(self.datasets[key]))
        return self.datasets[key]

    def _warn_of_bfloat16(self, jobs: Sequence[Job]) -> None:
        """Print each warning once, however many jobs it is for."""
        for warning in dict.fromkeys(warn_of_bfloat16(job.config.runtime) for job in jobs):
            if warning:
                self.say(warning)

    def _start_parent(self, config: Config) -> None:
        """Start the sweep's own run."""
        if self.multirun and self.parent is None and self.store is not None:
            command = shlex.join(["python", "-m", "hhexp.run", *sys.argv[1:]])
            self.parent = TrackedRun.start(
                self.store,
                config.tracking.experiment,
                " ".join(word for word in sys.argv[1:] if not word.startswith("-")),
                None,
                {**make_tags(config), KIND: "sweep", COMMAND: command},
            )

    def _say_plans(self, members: Sequence[Scheduled]) -> None:
        """Print what is done for each job and, with explain=true, why it must be trained."""
        for member in members:
            config = member.job.config
            trains_all = member.plan.action == "train" and not member.follows
            if config.explain or member.plan.notes or not trains_all:
                self.say(f"{member.job.key}: {member}")
            if config.explain and choose_device(config.runtime.device) == "cpu":
                self.say(f"  {foresee_portability(config)}")
            if config.explain and trains_all and self.store is not None:
                if config.may_reuse:
                    reason = explain_miss(self.store, member.identity)
                else:
                    reason = "state.trace=true" if config.reuse else "reuse=false"
                self.say(f"  {reason}")

    def _train(self, groups: Sequence[Sequence[Scheduled]], at_once: int) -> dict[str, Outcome]:
        """Reuse finished runs where possible, and train the rest."""
        assert self.store is not None and self.engine is not None
        done: dict[str, Outcome] = {}
        left: list[list[Job]] = []
        planned = [PlannedRun(m.job.key, m.epochs) for group in groups for m in group]
        # A live display would be drawn over a debugger's prompt.
        live = not self.engine.in_this_process
        with display(planned, min(at_once, len(groups)), self.console, live=live) as report:
            for group in groups:
                for member in group:
                    if member.plan.action == "hit":
                        done[member.job.key] = experiment.reuse(
                            member.job, self.store, member.plan, report
                        )
                if rest := [m.job for m in group if m.job.key not in done]:
                    left.append(rest)
            if left:
                parent_id = self.parent.run_id if self.parent else None
                done |= self.engine.run(left, report, parent_id)
        return done

    def say(self, text: str) -> None:
        """Print a line exactly as it is, even if it has brackets."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def describe_dataset(dataset: Dataset) -> str:
    """One line on a data set: its images, and the classes with their indices."""
    counts = {split: sum(by_class.values()) for split, by_class in dataset.counts.items()}
    classes = ", ".join(f"{name} {index}" for index, name in enumerate(dataset.classes))
    return (
        f"{dataset.name}: {counts['train']:,} training and {counts['validation']:,} validation "
        f"images; classes: {classes}"
    )

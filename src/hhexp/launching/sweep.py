"""A command's runs: one, or all those of a sweep under one parent run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.text import Text

from hhexp import experiment
from hhexp.analysis import summary
from hhexp.config.schema import Config, Runtime
from hhexp.data import Dataset
from hhexp.display import Job as PlannedJob
from hhexp.display import display
from hhexp.experiment import Job, Outcome, prepare, read_data, run_tags
from hhexp.experiment.plan import why_not
from hhexp.launching.devices import device_kind, slots
from hhexp.launching.engines.processes import run_groups
from hhexp.launching.engines.worker import Worker
from hhexp.launching.schedule import Scheduled, schedule
from hhexp.tracking.query import answer_tags
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.runtime import bfloat16_is_native

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
    datasets: dict[str, Dataset] = field(default_factory=dict)
    errors: Console = field(default_factory=lambda: Console(stderr=True))
    ready: Worker | None = None
    """A worker that imports TensorFlow while this process looks at the store."""

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
        """End the sweep's own run as its runs have ended."""
        if self.ready:
            self.ready.drop()
        if self.parent:
            self.parent.set_tags(answer_tags(o.run_id for o in self.outcomes if o.run_id))
            interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
            failed = self.failures or kind is not None
            self.parent.finish(
                "KILLED" if interrupted else "FAILED" if failed else "FINISHED", None
            )

    @property
    def failures(self) -> list[Outcome]:
        """The runs that did not finish."""
        return [outcome for outcome in self.outcomes if not outcome.finished]

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Check all jobs and their data, then answer or train them.

        Returns:
            the outcomes, in the jobs' order; of jobs that are only explained, without a run.

        Raises:
            UserError: something is wrong with a job or its data; nothing was trained or logged.
        """
        configs = [prepare(job) for job in jobs]
        kinds = {device_kind(config.runtime.device) for config in configs}
        datasets = [self._dataset(config) for config in configs]
        if any(config.runtime.precision == "mixed_bfloat16" for config in configs):
            self._warn_of_bfloat16(kinds)
        free = slots(kinds, max(config.runtime.threads for config in configs))
        runtime = shared_runtime(configs)
        if self.store is None:
            if runtime and not any(config.explain for config in configs):
                self.ready = Worker(free[0])
                self.ready.import_ahead(runtime)
            self.store = self._prepared_store(configs[0])
        groups = schedule(list(zip(jobs, configs, datasets, strict=True)), self.store)
        self._say_plans([member for group in groups for member in group])
        if any(config.explain for config in configs):
            return [Outcome(job.key, None, "FINISHED", None, "") for job in jobs]
        self._start_parent(configs[0])
        outcomes = self._train(groups, free, runtime)
        ordered = [outcomes[job.key] for job in jobs]
        self.outcomes += ordered
        return ordered

    def _dataset(self, config: Config) -> Dataset:
        """Read each data set once before any training, and say what it is."""
        key = config.data.model_dump_json()
        if key not in self.datasets:
            self.datasets[key] = read_data(config)
            self._say(describe(self.datasets[key]))
        return self.datasets[key]

    def _warn_of_bfloat16(self, kinds: set[str]) -> None:
        if "cpu" in kinds and not bfloat16_is_native():
            self._say(
                "warning: this CPU has no AMX: mixed_bfloat16 is several times slower here than "
                "float32"
            )

    def _prepared_store(self, config: Config) -> Store:
        """The store, set up once before any worker uses it."""
        store = Store.resolve(config.tracking.uri)
        store.prepare()
        return store

    def _start_parent(self, config: Config) -> None:
        """Start the sweep's own run."""
        if self.multirun and self.parent is None and self.store is not None:
            command = shlex.join(["python", "-m", "hhexp.run", *sys.argv[1:]])
            self.parent = TrackedRun.start(
                self.store,
                config.tracking.experiment,
                " ".join(word for word in sys.argv[1:] if not word.startswith("-")),
                None,
                {**run_tags(config), "hhexp.kind": "sweep", "hhexp.command": command},
            )

    def _say_plans(self, members: Sequence[Scheduled]) -> None:
        """Say what is done for each job and, where that is asked for, why not less."""
        for member in members:
            trains_all = member.plan.action == "train" and not member.follows
            if member.config.explain or member.plan.notes or not trains_all:
                self._say(f"{member.job.key}: {member}")
            if member.config.explain and trains_all and self.store is not None:
                reason = (
                    "reuse=false"
                    if not member.config.reuse
                    else why_not(self.store, member.identity)
                )
                self._say(f"  {reason}")

    def _train(
        self,
        groups: Sequence[Sequence[Scheduled]],
        free: Sequence[str],
        runtime: Runtime | None,
    ) -> dict[str, Outcome]:
        """Answer what finished runs answer, and train the rest."""
        assert self.store is not None
        done: dict[str, Outcome] = {}
        left: list[list[Job]] = []
        planned = [PlannedJob(m.job.key, m.epochs) for group in groups for m in group]
        with display(planned, min(len(free), len(groups)), self.console) as report:
            for group in groups:
                for member in group:
                    if member.plan.action == "hit":
                        done[member.job.key] = experiment.answered(
                            member.job, member.config, self.store, member.plan, report
                        )
                if rest := [m.job for m in group if m.job.key not in done]:
                    left.append(rest)
            parent_id = self.parent.run_id if self.parent else None
            if left:
                ready, self.ready = self.ready, None
                done |= run_groups(
                    left,
                    slots=free[: len(left)],
                    report=report,
                    parent_id=parent_id,
                    runtime=runtime,
                    ready=ready,
                )
        return done

    def conclude(self) -> int:
        """Print the table of what was trained and what to do next.

        Returns:
            the exit status: 0, 1 where a run failed, 2 where none could start.
        """
        made = {o.run_id: o.key for o in self.outcomes if o.run_id is not None}
        if made and self.store is not None:
            rows = summary.summarise(self.store, list(made), made)
            self.console.print(summary.render(rows, "Results"))
            if self.parent:
                self.parent.log_text(summary.to_markdown(rows), "summary.md")
                self.parent.log_text(summary.to_csv(rows), "summary.csv")
            self._say(look_further(self.parent.run_id if self.parent else None, list(made)[-1]))
        for failure in self.failures:
            self.errors.print(
                Text(f"{failure.status} {failure.key}: {failure.error}", "red"), soft_wrap=True
            )
        if not self.failures:
            return 0
        return 1 if made else 2

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def shared_runtime(configs: Sequence[Config]) -> Runtime | None:
    """What all runs run on; None where they differ, as a process can be set up for one only."""
    first = configs[0].runtime
    return first if all(config.runtime == first for config in configs) else None


def look_further(sweep_id: str | None, run_id: str) -> str:
    """The commands that show more of what was trained."""
    commands = {"python -m hhexp.ui": "all runs, pictures and models, in MLflow's UI"}
    if sweep_id:
        commands[f"python -m hhexp.report {sweep_id[:8]}"] = "a page on this sweep"
    commands |= {
        f"python -m hhexp.reproduce {run_id[:8]}": "train a run again: do its numbers come back?",
        f"python -m hhexp.predict {run_id[:8]} FILE": "ask its model about a picture",
    }
    width = max(map(len, commands))
    return "\nLook further:\n" + "\n".join(
        f"  {command:{width}}  {what}" for command, what in commands.items()
    )


def describe(dataset: Dataset) -> str:
    """One line on a data set: its images, and the classes with their indices."""
    counts = {split: sum(by_class.values()) for split, by_class in dataset.counts.items()}
    classes = ", ".join(f"{name} {index}" for index, name in enumerate(dataset.classes))
    return (
        f"{dataset.name}: {counts['train']:,} training and {counts['validation']:,} validation "
        f"images; classes: {classes}"
    )

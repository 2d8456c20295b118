"""A command's runs: one, or all those of a sweep under one parent run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Self

from hhexp import experiment
from hhexp.config.schema import Config
from hhexp.data import Dataset, describe_dataset, list_doubts
from hhexp.display import PlannedRun, display
from hhexp.display.events import Event
from hhexp.errors import is_interruption
from hhexp.escape import escape_line
from hhexp.experiment import Job, Outcome, make_tags, read_data
from hhexp.launching.engines import Engine, make_engine
from hhexp.launching.explanation import draw_tree, say_plans
from hhexp.launching.precision import warn_of_bfloat16
from hhexp.launching.schedule import Branch, Planned, plan_jobs
from hhexp.launching.tree import Tree
from hhexp.terminal import Terminal
from hhexp.tracking import heartbeat
from hhexp.tracking.abandoned import end_same_sweeps
from hhexp.tracking.answers import make_answer_tags
from hhexp.tracking.journal import flush_journals
from hhexp.tracking.leftover import send_left
from hhexp.tracking.outages import is_away
from hhexp.tracking.outbox import find_root, list_waiting
from hhexp.tracking.pruning import GB, keep_within
from hhexp.tracking.query import find_recent
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import drop_states, find_states
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMMAND, KIND

NEIGHBOURS = 50
"""Runs among which the nearest is looked for."""

_current: ContextVar[Sweep] = ContextVar("sweep")


class RunFailed(Exception):
    """A job failed: what Hydra's sweepers see of it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.key}: {outcome.error}")


@dataclass(frozen=True)
class Best:
    """The best run of a search, and what is said of it after the table of all."""

    run_id: str | None
    text: str


@dataclass
class Sweep:
    """What one command trains; a sweeper may launch its jobs in several batches."""

    console: Terminal
    multirun: bool
    engine: Engine | None = None
    store: Store | None = None
    parent: TrackedRun | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    finished: list[tuple[Job, str]] = field(default_factory=list)
    """The jobs that were trained to their end, with their runs."""
    datasets: dict[str, Dataset] = field(default_factory=dict)
    open_study: Callable[[Store, str], str] | None = None
    """Starts the run of the study that the sweep is for, in an experiment, before any other run;
    its ID."""
    check: Callable[[Sequence[tuple[Job, Dataset]]], None] = lambda jobs: None
    """Refuses jobs that are of no use for that study, by a UserError."""
    branches: list[Branch] = field(default_factory=list)
    """What is trained, or would be."""
    words: Sequence[str] = ()
    """Of the command line."""
    best: Best | None = None
    """What a search has found."""

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
        interrupted = is_interruption(error)
        send = self._count_left if interrupted else self.send_left  # who interrupts does not wait
        if not send():
            self._drop_states()
        if self.parent:
            self.parent.set_tags(make_answer_tags(o.run_id for o in self.outcomes if o.run_id))
            failed = self.failures or kind is not None
            self.parent.finish(
                "KILLED" if interrupted else "FAILED" if failed else "FINISHED", None
            )
        if left := send():
            self.say(
                f"the tracking store {self.store} is away: what was logged of {left} runs waits in "
                f"{find_root()}; when it is back, the same command or python -m hhexp.doctor "
                "--send sends it"
            )

    def send_left(self) -> int:
        """Send what waits on this machine for the store; the runs of which something is left."""
        if self.store is None or not list_waiting(self.store):
            return 0
        flush_journals()
        try:
            if sent := send_left(self.store):
                self.say(f"sent {sent} entries that had waited for the tracking store")
        except Exception as error:
            if not is_away(error):
                raise
        return self._count_left()

    def _count_left(self) -> int:
        """The runs of the store of which something waits on this machine."""
        waiting = list_waiting(self.store) if self.store else []
        return sum(each.refused is None for each in waiting)

    @property
    def failures(self) -> list[Outcome]:
        """The runs that did not finish."""
        return [outcome for outcome in self.outcomes if outcome.failed]

    @property
    def trained(self) -> dict[str, str]:
        """The runs that answer the jobs: from a run's ID to its job's key."""
        return {o.run_id: o.key for o in self.outcomes if o.run_id is not None}

    def run(
        self, jobs: Sequence[Job], engine: str, settings: Mapping[str, Any] = MappingProxyType({})
    ) -> list[Outcome]:
        """Read the data of all jobs, then answer or train them.

        Args:
            jobs: a batch.
            engine: what trains them, by its name.
            settings: the engine's own.

        Returns:
            the outcomes, in the jobs' order; of jobs that are only explained, without a run.

        Raises:
            UserError: something is wrong with a job or its data; nothing was trained or logged.
        """
        explain = any(job.config.explain for job in jobs)
        datasets, at_once = self.prepare(jobs, engine, settings)
        assert self.store is not None and self.engine is not None
        with_data = list(zip(jobs, datasets, strict=True))
        self.check(with_data)
        planned = plan_jobs(with_data, self.store, self.engine.find_target)
        tree = Tree([each for each in planned if each.plan.action != "hit"])
        self.branches += tree.branches
        known = find_recent(self.store, NEIGHBOURS) if explain else None
        for line in say_plans(planned, tree, self.engine.find_target, known):
            self.say(line)
        if explain:
            if len(planned) > 1:
                self.console.print(draw_tree(tree))
            return [Outcome(job.key, None, "FINISHED", None, "") for job in jobs]
        self.start_parent(jobs[0].config)
        outcomes = self._train(planned, tree, at_once)
        ordered = [outcomes[job.key] for job in jobs]
        self.outcomes += ordered
        return ordered

    def prepare(
        self, jobs: Sequence[Job], engine: str, settings: Mapping[str, Any]
    ) -> tuple[list[Dataset], int]:
        """Get ready what trains these jobs, and the store.

        Returns:
            the jobs' data, and how many can train at once.

        Raises:
            UserError: something is wrong with a job or its data.
        """
        explain = any(job.config.explain for job in jobs)
        datasets = [self.read_dataset(job.config) for job in jobs]
        self.engine = self.engine or make_engine(engine, settings).__enter__()
        at_once = self.engine.prepare(jobs)
        self._warn_of_bfloat16(jobs, self.engine)
        if not explain:
            self.engine.start_ahead(jobs)
        if self.store is None:
            self.store = Store.resolve(jobs[0].config.tracking.uri)
            self.store.prepare()  # once, before any worker uses it
            self.send_left()
        return datasets, at_once

    def read_dataset(self, config: Config) -> Dataset:
        """Read each data set once before any training, and print a line about it."""
        key = config.data.model_dump_json()
        if key not in self.datasets:
            self.datasets[key] = read_data(config)
            self.say(escape_line(describe_dataset(self.datasets[key])))
            for doubt in list_doubts(self.datasets[key], config.data):
                self.say(f"  {escape_line(doubt)}")
        return self.datasets[key]

    def _warn_of_bfloat16(self, jobs: Sequence[Job], engine: Engine) -> None:
        """Print each warning once, however many jobs it is for."""
        warnings = [warn_of_bfloat16(job.config.runtime, engine.find_target) for job in jobs]
        for warning in dict.fromkeys(warnings):
            if warning:
                self.say(warning)

    def start_parent(self, config: Config, tags: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start the sweep's own run; with more tags where it is a search."""
        if self.multirun and self.parent is None and self.store is not None:
            command = shlex.join(["python", "-m", "hhexp.run", *self.words])
            end_same_sweeps(self.store, command)
            experiment = config.tracking.experiment
            self.parent = TrackedRun.start(
                self.store,
                experiment,
                " ".join(word for word in self.words if not word.startswith("-")),
                self.open_study(self.store, experiment) if self.open_study else None,
                {
                    **make_tags(config),
                    **heartbeat.make_owner_tags(),
                    KIND: "sweep",
                    COMMAND: command,
                    **tags,
                },
            )
            self.parent.tell(self.say)
            heartbeat.own(self.store, self.parent.run_id)

    def _train(self, planned: Sequence[Planned], tree: Tree, at_once: int) -> dict[str, Outcome]:
        """Reuse finished runs where possible, and train the rest."""
        assert self.store is not None and self.engine is not None
        hits = [each for each in planned if each.plan.action == "hit"]
        shown = [PlannedRun(each.job.key, 0) for each in hits]
        shown += [PlannedRun(branch.job.key, branch.epochs) for branch in tree.branches]
        # A live display would be drawn over a debugger's prompt.
        live = not self.engine.in_this_process
        with display(shown, min(at_once, len(tree.jobs)), self.console, live=live) as report:

            def hear(event: Event) -> None:
                tree.hear(event)
                report(event)

            for each in hits:
                experiment.reuse(each.job, self.store, each.plan, hear)
            if tree.jobs:
                parent_id = self.parent.run_id if self.parent else None
                try:
                    self.engine.run(tree, report, parent_id)
                finally:
                    self.note_finished(tree)
        return tree.outcomes

    def note_finished(self, tree: Tree) -> None:
        """Take down which jobs of a tree were trained to their end."""
        for job in tree.jobs:
            outcome = tree.outcomes.get(job.key)
            if outcome and outcome.finished and outcome.run_id:
                self.finished.append((job, outcome.run_id))

    def _drop_states(self) -> None:
        """Delete the states that the configuration does not let stay after the training."""
        for job, run_id in self.finished:
            if job.config.state.keep == "newest" and self.store:
                drop_states(self.store, find_states(self.store, run_id)[:-1])
        budgets = [job.config.state.budget_gb for job, _ in self.finished]
        if (given := [budget for budget in budgets if budget is not None]) and self.store:
            dropped = keep_within(self.store, int(min(given) * GB))
            if dropped:
                self.say(f"state.budget_gb={min(given):g}: {dropped} saved states were deleted")

    def say(self, text: str) -> None:
        """Print a line exactly as it is, even if it has brackets."""
        self.console.print(text, soft_wrap=True)

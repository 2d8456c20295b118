"""The interface of every engine: it takes jobs from a tree, trains them, and reports events."""

from collections.abc import Sequence
from typing import Protocol, Self

from hhexp.config.schema import Runtime
from hhexp.display.events import Report
from hhexp.experiment import Job
from hhexp.launching.devices import Target
from hhexp.launching.tree import Tree


class Engine(Protocol):
    """Trains jobs; to be left as a context, which ends what it has started."""

    in_this_process: bool
    """Whether it trains in this process, where a person may debug."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def prepare(self, jobs: Sequence[Job]) -> int:
        """Find what these jobs can be trained on.

        Returns:
            how many of them it can train at once.

        Raises:
            UserError: it cannot train them.
        """

    def start_ahead(self, jobs: Sequence[Job]) -> None:
        """Start what takes long, beside the plans for these jobs, which it is prepared for."""

    def find_target(self, runtime: Runtime) -> Target:
        """What it trains jobs of these runtime settings on, once it is prepared for them."""

    def run(self, tree: Tree, report: Report, parent_id: str | None = None) -> None:
        """Train the jobs of a tree, which it was prepared for; the tree then has their outcomes.

        Args:
            tree: the jobs, or those of them that are left to train. It hears every event, too, and
                answers what runs ask.
            report: called with every event; one call at a time, from any thread.
            parent_id: the sweep's run.

        Raises:
            KeyboardInterrupt: Ctrl-C; nothing trains any more, and the runs are marked KILLED.
        """


def find_shared_runtime(jobs: Sequence[Job]) -> Runtime | None:
    """What all jobs run on; None where they differ, as a process can be set up for one only."""
    first = jobs[0].config.runtime
    return first if all(job.config.runtime == first for job in jobs) else None

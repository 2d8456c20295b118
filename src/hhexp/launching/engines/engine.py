"""The interface of every engine: it trains groups of jobs, and reports events and outcomes."""

from collections.abc import Sequence
from typing import Protocol, Self

from hhexp.config.schema import Runtime
from hhexp.display.events import Report
from hhexp.experiment import Job, Outcome

Group = Sequence[Job]
"""Jobs that follow each other, as each may continue where the one before it ended."""


class Engine(Protocol):
    """Trains groups of jobs; to be left as a context, which ends what it has started."""

    in_this_process: bool
    """Whether it trains in this process, where a person may debug."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def prepare(self, jobs: Sequence[Job]) -> int:
        """Get ready for these jobs, which come when their data and their plans are known.

        Returns:
            how many groups of them it can train at once.

        Raises:
            UserError: it cannot train them.
        """

    def run(
        self, groups: Sequence[Group], report: Report, parent_id: str | None = None
    ) -> dict[str, Outcome]:
        """Train the groups of jobs that it was prepared for, each group in order.

        Args:
            groups: the jobs, or those of them that are left to train.
            report: called with every event; one call at a time, from any thread.
            parent_id: the sweep's run.

        Returns:
            each job's outcome by its key.

        Raises:
            KeyboardInterrupt: Ctrl-C; nothing trains any more, and the runs are marked KILLED.
        """


def find_shared_runtime(jobs: Sequence[Job]) -> Runtime | None:
    """What all jobs run on; None where they differ, as a process can be set up for one only."""
    first = jobs[0].config.runtime
    return first if all(job.config.runtime == first for job in jobs) else None

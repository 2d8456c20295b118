"""The tree of a sweep while it is trained: which job may start next, and what came of the others.

Engines take jobs from it, from as many threads as they like, and tell it what they hear.
"""

import threading
from collections.abc import Iterable, Sequence

from hhexp.display.events import Event, Question, RunEnded, StateSaved, go_on
from hhexp.experiment.job import Job, Outcome
from hhexp.launching.schedule import Branch, Planned, arrange


class Tree:
    """Jobs that wait, are trained, or have ended."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        """Arrange the jobs that are to be trained."""
        self.branches = arrange(planned)
        self.outcomes: dict[str, Outcome] = {}
        """Of the jobs that have ended, by their keys."""
        self._planned = {each.job.key: each for each in planned}
        self._waiting = {branch.job.key: branch for branch in self.branches}
        self._taken: dict[str, Branch] = {}
        self._saved: set[tuple[str, int]] = set()
        self._stopped = False
        self._takers = 0
        """Threads that are about to take a job."""
        self._changed = threading.Condition()

    @classmethod
    def of(cls, jobs: Iterable[Job]) -> "Tree":
        """A tree of jobs that share nothing."""
        tree = cls([])
        tree.branches = [Branch(job, 0, longest=job.config.epochs) for job in jobs]
        tree._waiting = {branch.job.key: branch for branch in tree.branches}
        return tree

    @property
    def jobs(self) -> list[Job]:
        """All jobs."""
        return [branch.job for branch in self.branches]

    @property
    def demand(self) -> int:
        """How many jobs wait that nobody is about to take."""
        with self._changed:
            return 0 if self._stopped else max(0, len(self._waiting) - self._takers)

    def take(self) -> Job | None:
        """The job to start next, the longest way first; waits until one may start.

        None where none is left, or the sweep is stopped.
        """
        with self._changed:
            self._takers += 1
            try:
                while self._waiting and not self._stopped:
                    if ready := [each for each in self._waiting.values() if self._is_ready(each)]:
                        branch = max(ready, key=lambda each: each.longest)
                        self._taken[branch.job.key] = self._waiting.pop(branch.job.key)
                        return branch.job
                    self._changed.wait()
                return None
            finally:
                self._takers -= 1

    def put_back(self, job: Job) -> None:
        """Let a job start again that was taken and has not ended."""
        with self._changed:
            self._waiting[job.key] = self._taken.pop(job.key)
            self._changed.notify_all()

    def hear(self, event: Event) -> None:
        """Note what a job's state or end lets start."""
        if not isinstance(event, StateSaved | RunEnded):
            return
        with self._changed:
            if isinstance(event, StateSaved):
                self._saved.add((event.job, event.epoch))
            else:
                self._note_end(event)
                self._adopt(event.job)
            self._changed.notify_all()

    def judge(self, question: Question) -> str:
        """Answer a run that asks whether it is to go on."""
        return go_on(question)

    def stop(self) -> None:
        """Let no further job start."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _note_end(self, event: RunEnded) -> None:
        error = "" if event.status == "FINISHED" else event.note
        outcome = Outcome(event.job, event.run_id, event.status, event.objective, error)
        self.outcomes[event.job] = outcome

    def _is_ready(self, branch: Branch) -> bool:
        parent = branch.parent
        if parent is None or parent in self.outcomes:
            return True
        return not branch.after_end and (parent, branch.start) in self._saved

    def _adopt(self, ended: str) -> None:
        """Arrange the jobs anew that wait for a state which an ended job has not come to.

        One of them trains it for the others.
        """
        lost = {
            branch.job.key
            for branch in self._waiting.values()
            if branch.parent == ended and (ended, branch.start) not in self._saved
        }
        while heirs := {b.job.key for b in self._waiting.values() if b.parent in lost} - lost:
            lost |= heirs
        for branch in arrange([self._planned[key] for key in lost]):
            self._waiting[branch.job.key] = branch

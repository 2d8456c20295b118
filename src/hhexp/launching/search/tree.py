"""The tree of a search: it grows, as a trial is chosen when an engine has a place for it."""

from collections import Counter
from collections.abc import Callable

from hhexp.display.events import Question, Report, RunChosen, RunEnded
from hhexp.errors import UserError, one_line
from hhexp.experiment import Job
from hhexp.launching.composition import COMPOSITION_ERRORS
from hhexp.launching.schedule import Branch
from hhexp.launching.search.space import write_values
from hhexp.launching.search.trials import Asked, Trials
from hhexp.launching.tree import Tree
from hhexp.tracking.trials import StoredTrial


def name_planned(number: int) -> str:
    """What a run is called until it is known what it is to be."""
    return f"trial {number}"


class SearchTree(Tree):
    """Jobs that are made of a search's trials."""

    def __init__(
        self,
        trials: Trials,
        count: int,
        make_job: Callable[[Asked, str], Job],
        keep: Callable[[int, StoredTrial], None],
        report: Report,
    ) -> None:
        """Ask for trials.

        Args:
            trials: what is known.
            count: how many more there are to be.
            make_job: makes a trial's job, which has that key.
            keep: keeps in the store how a trial stands, by its number.
            report: hears what is chosen, and what fails before it trains.
        """
        super().__init__([])
        self._trials, self._left = trials, count
        self._make_job, self._report, self._keep = make_job, report, keep
        self._names: Counter[str] = Counter()
        self._numbers: dict[str, int] = {}
        """The trials' in training, by their jobs' keys."""

    @property
    def demand(self) -> int:
        """How many jobs can still be taken."""
        with self._changed:
            return 0 if self._stopped else self._left + len(self._waiting)

    def take(self) -> Job | None:
        """A job that was put back, or one of the next trial."""
        with self._changed:
            while not self._stopped and (self._waiting or self._left):
                if self._waiting:
                    key, branch = self._waiting.popitem()
                elif chosen := self._choose():
                    key, branch = chosen.job.key, chosen
                else:
                    continue
                self._taken[key] = branch
                return branch.job
            return None

    def judge(self, question: Question) -> str:
        """Hear how far a run is, and answer whether it is to go on."""
        with self._changed:
            return self._trials.judge(
                self._numbers[question.job], question.values, question.diverged, question.ended
            )

    def _choose(self) -> Branch | None:
        """The next trial's place; None where its values make no configuration."""
        self._left -= 1
        asked = self._trials.ask()
        self._keep(asked.number, self._trials.trials[asked.number])
        name = " ".join(write_values(asked.params))
        self._names[name] += 1
        key = name if self._names[name] == 1 else f"{name} ({self._names[name]})"
        self._numbers[key] = asked.number
        try:
            job = self._make_job(asked, key)
        except (UserError, *COMPOSITION_ERRORS) as error:
            ended = RunEnded(key, None, "FAILED", one_line(error))
            self._report(RunChosen(key, name_planned(asked.number), 0))
            self._report(ended)
            self._note_end(ended)
            return None
        self._report(RunChosen(key, name_planned(asked.number), job.config.epochs))
        self.branches.append(Branch(job, 0, longest=job.config.epochs))
        return self.branches[-1]

    def _note_end(self, event: RunEnded) -> None:
        super()._note_end(event)
        number = self._numbers.pop(event.job)
        if event.status == "KILLED":  # it was interrupted: the same command asks it again
            return
        self._trials.end(number, event.run_id, event.note if event.status == "FAILED" else "")
        self._keep(number, self._trials.trials[number])

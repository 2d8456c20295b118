"""The tree of a search: it grows, as a trial is chosen when an engine has a place for it."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hhexp.display.events import EpochDone, Event, Question, Report, RunChosen, RunEnded
from hhexp.errors import UserError, one_line
from hhexp.experiment import Job
from hhexp.experiment.course import find_diverged
from hhexp.launching.composition import COMPOSITION_ERRORS
from hhexp.launching.schedule import Branch
from hhexp.launching.search.curves import Curve
from hhexp.launching.search.space import write_values
from hhexp.launching.search.trials import Asked, Trials
from hhexp.launching.tree import Tree
from hhexp.tracking.trials import StoredTrial


@dataclass
class Training:
    """A trial whose job has been made."""

    asked: Asked
    curve: Curve = field(default_factory=Curve)


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
        read: Callable[[str], Curve],
        report: Report,
    ) -> None:
        """Ask for trials.

        Args:
            trials: what is known.
            count: how many more there are to be.
            make_job: makes a trial's job, which has that key.
            keep: keeps in the store how a trial stands, by its number.
            read: reads what a finished run came to, by its ID.
            report: hears what is chosen, and what fails before it trains.
        """
        super().__init__([])
        self._trials, self._left = trials, count
        self._make_job, self._report, self._keep, self._read = make_job, report, keep, read
        self._names: Counter[str] = Counter()
        self._training: dict[str, Training] = {}
        """By the jobs' keys."""

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
        """Answer a run that asks whether it is to go on."""
        with self._changed:
            training = self._training[question.job]
            training.curve = Curve(question.values, question.diverged)
            return self._trials.judge(training.asked.number, question.values, question.diverged)

    def hear(self, event: Event) -> None:
        """Note what a run has come to."""
        if isinstance(event, EpochDone):
            with self._changed:
                self._training[event.job].curve.diverged = find_diverged(event.metrics)
        super().hear(event)

    def _choose(self) -> Branch | None:
        """The next trial's place; None where its values make no configuration."""
        self._left -= 1
        asked = self._trials.ask()
        self._keep(asked.number, self._trials.trials[asked.number])
        name = " ".join(write_values(asked.params))
        self._names[name] += 1
        key = name if self._names[name] == 1 else f"{name} ({self._names[name]})"
        self._training[key] = Training(asked)
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
        training = self._training.pop(event.job)
        if event.status == "KILLED":  # it was interrupted: the same command asks it again
            return
        number, curve = training.asked.number, self._complete(training.curve, event)
        stored = _conclude(training.asked, event, curve)
        self._trials.end(number, stored, curve.values)
        self._keep(number, stored)

    def _complete(self, curve: Curve, event: RunEnded) -> Curve:
        """A curve with the last epoch, after which no run asks, or that of a run trained before."""
        if event.status != "FINISHED":
            return curve
        if not curve.values and event.run_id:
            curve = self._read(event.run_id)
            if curve.values:
                return curve
        last = math.nan if event.objective is None else event.objective
        return Curve([*curve.values, last], curve.diverged)


def _conclude(asked: Asked, event: RunEnded, curve: Curve) -> StoredTrial:
    """How a trial has ended."""
    epochs = len(curve.values)
    value = curve.values[-1] if epochs and math.isfinite(curve.values[-1]) else None
    state, note = "complete", ""
    if event.status == "FAILED":
        state, value, note = "failed", None, event.note
    elif event.status == "STOPPED":
        state, note = "diverged" if curve.diverged else "pruned", event.note
    elif curve.diverged or value is None:
        state = "diverged"
        note = f"diverged: {curve.diverged or 'the objective'} is not a finite number at the end"
    return StoredTrial.model_validate(
        {
            "state": state,
            "params": asked.params,
            "run_id": event.run_id,
            "epochs": epochs,
            "value": None if state == "diverged" else value,
            "note": note,
        }
    )

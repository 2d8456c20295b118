"""A search's trials: which values are tried next, whether a run goes on, and which is the best."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import Trial, TrialState, create_trial

from hhexp.config.objective import is_minimised
from hhexp.launching.search.sampling import SeededSampler
from hhexp.launching.search.settings import Settings
from hhexp.launching.search.space import Space
from hhexp.tracking.trials import StoredTrial

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.FAIL,
    "failed": TrialState.FAIL,
}


@dataclass(frozen=True)
class Asked:
    """A trial that is to be trained."""

    number: int
    params: dict[str, Any]


class Trials:
    """A study of Optuna's, in memory: what it knows is in the store.

    To be called by one thread at a time.
    """

    def __init__(self, space: Space, settings: Settings, objective: str) -> None:
        """Search for the best last value of a metric."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore", ExperimentalWarning)  # Optuna 4's, of a sampler's option
        self.objective = objective
        self.trials: list[StoredTrial] = []
        """By their numbers."""
        self._space = space
        self._study = optuna.create_study(
            direction="minimize" if is_minimised(objective) else "maximize",
            sampler=SeededSampler(settings.sampler, settings.seed),
            pruner=_make_pruner(settings),
        )
        self._running: dict[int, Trial] = {}
        self._verdicts: dict[int, StoredTrial] = {}
        """How trials have ended whose runs have not."""

    @property
    def minimises(self) -> bool:
        """Whether the objective is better where it is lower."""
        return is_minimised(self.objective)

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return sum(trial.ended for trial in self.trials)

    def list_next(self, count: int) -> list[int]:
        """The numbers of the next trials, as they will be asked."""
        left = [number for number, trial in enumerate(self.trials) if not trial.ended]
        return [*left, *range(len(self.trials), len(self.trials) + count)][:count]

    def restore(self, stored: Sequence[StoredTrial], curves: Sequence[Sequence[float]]) -> None:
        """Take up the trials of a search that goes on; those that had not ended are asked again.

        Args:
            stored: by their numbers.
            curves: the objective of each one's run, from epoch 1 on.
        """
        for trial, curve in zip(stored, curves, strict=True):
            self.trials.append(trial)
            if not trial.ended:
                self._study.enqueue_trial(trial.params)
                continue
            self._study.add_trial(
                create_trial(
                    state=STATES[trial.state],
                    value=trial.value,
                    params=trial.params,
                    distributions=dict(self._space.searched),
                    intermediate_values={
                        epoch: value
                        for epoch, value in enumerate(curve[: trial.epochs], start=1)
                        if not math.isnan(value)
                    },
                )
            )

    def ask(self) -> Asked:
        """The next trial: first those that were interrupted."""
        trial = self._study.ask(dict(self._space.searched))
        self._running[trial.number] = trial
        if trial.number == len(self.trials):
            self.trials.append(StoredTrial(state="asked", params=trial.params))
        return Asked(trial.number, dict(trial.params))

    def judge(self, number: int, values: Sequence[float], diverged: str, ended: bool) -> str:
        """Hear of a trial's epochs, and say why it is to end now; say nothing where it goes on.

        Args:
            number: the trial's.
            values: the objective after each epoch.
            diverged: the loss that is not a finite number; empty where all are.
            ended: whether these are all its epochs.
        """
        trial = self._running.get(number)
        if trial is None:  # its process was lost after it had told all
            return self._verdicts[number].note
        verdict = self._decide(trial, values, diverged, ended)
        if verdict is None:
            return ""
        self._verdicts[number] = verdict
        whole = verdict.state == "complete"
        self._study.tell(trial, verdict.value if whole else None, STATES[verdict.state])
        del self._running[number]
        return verdict.note

    def _decide(
        self, trial: Trial, values: Sequence[float], diverged: str, ended: bool
    ) -> StoredTrial | None:
        """How a trial has ended, as far as it has."""
        epoch, value = len(values), values[-1] if values else math.nan
        told: dict[str, Any] = {"params": trial.params, "epochs": epoch}
        if diverged or (ended and not math.isfinite(value)):
            what = diverged or self.objective
            note = f"diverged after epoch {epoch}: {what} is not a finite number"
            return StoredTrial(state="diverged", note=note, **told)
        bad = self._report(trial, values)
        if ended:
            return StoredTrial(state="complete", value=value, **told)
        if not bad:
            return None
        known = [value for value in values if not math.isnan(value)]
        best = (min if self.minimises else max)(known)
        note = (
            f"pruned after epoch {epoch}: {self.objective} was {best:.4g} at best, worse than the "
            "median of the finished trials there"
        )
        shown = value if math.isfinite(value) else None
        return StoredTrial(state="pruned", value=shown, note=note, **told)

    def end(self, number: int, run_id: str | None, error: str = "") -> None:
        """Take down that a trial's run has ended, and with which error."""
        verdict = self._verdicts.pop(number, None)
        if trial := self._running.pop(number, None):
            self._study.tell(trial, state=TrialState.FAIL)
        if verdict is None or error:
            params = self.trials[number].params
            verdict = StoredTrial(state="failed", params=params, note=error or "it told no value")
        self.trials[number] = verdict.model_copy(update={"run_id": run_id})

    def find_best(self) -> int | None:
        """The number of the best complete trial, the first of equals; None where there is none."""
        sign = -1 if self.minimises else 1
        complete = {
            number: sign * trial.value
            for number, trial in enumerate(self.trials)
            if trial.state == "complete" and trial.value is not None
        }
        return max(complete, key=complete.__getitem__, default=None)

    def _report(self, trial: Trial, values: Sequence[float]) -> bool:
        """Tell Optuna the values that it does not know yet; whether one of them is bad enough."""
        known = self._study.get_trials(deepcopy=False)[trial.number].intermediate_values
        bad = False
        for epoch, value in enumerate(values, start=1):
            if epoch not in known and not math.isnan(value):
                trial.report(value, epoch)
                bad = bad or trial.should_prune()
        return bad


def _make_pruner(settings: Settings) -> BasePruner:
    if settings.pruner == "none":
        return NopPruner()
    return MedianPruner(n_startup_trials=settings.startup, n_warmup_steps=settings.warmup)

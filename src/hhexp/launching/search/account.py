"""What is said of a search: how far it is, and what it has found."""

import math
import shlex
from collections import Counter

from hhexp.experiment import Outcome
from hhexp.launching.composer import leave_out
from hhexp.launching.search.settings import Settings
from hhexp.launching.search.space import Space, write_values
from hhexp.launching.search.trials import Trials
from hhexp.launching.sweep import Best

STATUSES = {"complete": "FINISHED", "pruned": "STOPPED", "diverged": "STOPPED", "failed": "FAILED"}
"""How a trial counts among a command's runs."""


def describe_search(settings: Settings, trials: Trials) -> str:
    """What is searched for, and how far it is."""
    better = "low" if trials.minimises else "high"
    told = f"a search for {better} {trials.objective} in {settings.n_trials} trials"
    told += f", drawn by {settings.sampler} with seed {settings.seed}"
    return f"{told}; {count_trials(trials)} so far" if trials.ended else told


def count_trials(trials: Trials) -> str:
    """How many trials have ended, and how: ``19 complete, 2 pruned``."""
    counts: Counter[str] = Counter(trial.state for trial in trials.trials if trial.ended)
    return ", ".join(f"{counts[state]} {state}" for state in STATUSES if counts[state])


def describe_best(trials: Trials, space: Space, engine: str) -> Best | None:
    """The best trial, with the command that trains it, and what it is worth; None without any."""
    number = trials.find_best()
    if number is None:
        return None
    trial = trials.trials[number]
    words = leave_out(space.write_overrides(trial.params), engine)
    command = shlex.join(["python", "-m", "hhexp.run", *words])
    value = math.nan if trial.value is None else trial.value
    run = f", run {trial.run_id[:8]}" if trial.run_id else ""
    return Best(
        trial.run_id,
        f"The best of {trials.ended} trials ({count_trials(trials)}): {trials.objective} "
        f"{value:.4f} in trial {number}{run}. To train it:\n  {command}\n"
        f"As the best of {trials.ended} it looks better than it is: the images that chose it also "
        "judge it. Train it with seeds that the search has not seen, or look at test images.",
    )


def list_outcomes(trials: Trials) -> list[Outcome]:
    """How the trials that have ended count among a command's runs."""
    return [
        Outcome(
            " ".join(write_values(trial.params)),
            trial.run_id,
            STATUSES[trial.state],
            trial.value,
            trial.note,
        )
        for trial in trials.trials
        if trial.ended
    ]

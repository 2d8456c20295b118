"""A search from its first trial to its best one; the same command goes on with it."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from optuna.distributions import distribution_to_json

from hhexp.data import Dataset
from hhexp.display import PlannedRun, display
from hhexp.experiment import Job
from hhexp.experiment.stages import build_chain
from hhexp.launching.composer import leave_out
from hhexp.launching.search.account import describe_best, describe_search, list_outcomes
from hhexp.launching.search.settings import Settings
from hhexp.launching.search.space import Space, write_values
from hhexp.launching.search.tree import SearchTree, name_planned
from hhexp.launching.search.trials import Asked, Trials
from hhexp.launching.sweep import Sweep
from hhexp.tracking.histories import read_many
from hhexp.tracking.names import find_name
from hhexp.tracking.query import StoredRun, find_if_there
from hhexp.tracking.store import Store
from hhexp.tracking.trials import (
    StoredTrial,
    find_search,
    make_search_tags,
    read_trials,
    take_up_search,
    write_trial,
)

MakeJob = Callable[[Asked, str], Job]


class Launcher(Protocol):
    """What ``hhexp.launching.launcher.EngineLauncher`` gives to a search."""

    engine: str
    settings: Mapping[str, Any]

    def make_job(self, overrides: Sequence[str], key: str) -> Job: ...


def search(space: Space, settings: Settings, launcher: Launcher) -> None:
    """Train trials, as many at once as the engine can, until there are enough.

    Raises:
        UserError: the first trial makes no configuration, its data cannot be read, or another
            process has this search.
    """

    def make_job(asked: Asked, key: str) -> Job:
        given = leave_out(space.write_overrides(asked.params), launcher.engine)
        return replace(launcher.make_job(given, key), judged=True)

    sweep = Sweep.current()
    sweep.multirun = True  # hydra.mode says so too
    # What is drawn first depends on the seed alone, and its job tells what all share.
    asked = Trials(space, settings, "val/accuracy").ask()
    first = make_job(asked, " ".join(write_values(asked.params)))
    (dataset,), at_once = sweep.prepare([first], launcher.engine, launcher.settings)
    assert sweep.store is not None
    sha256 = _name_search(sweep, first, dataset, space, settings)
    stored = find_search(sweep.store, sha256) if first.config.may_reuse else None
    trials = Trials(space, settings, first.config.objective)
    if stored:
        known = read_trials(stored)[: settings.n_trials]
        trials.restore(known, _read_curves(sweep.store, known, trials.objective))
    sweep.say(describe_search(settings, trials))
    if first.config.explain:
        return
    _open(sweep, stored, first, make_search_tags(sha256, _describe(first, space, settings)))
    try:
        _train(sweep, trials, settings.n_trials - trials.ended, make_job, first, at_once)
    finally:
        sweep.outcomes = list_outcomes(trials)
    sweep.best = describe_best(trials, space, launcher.engine)


def _name_search(
    sweep: Sweep, first: Job, dataset: Dataset, space: Space, settings: Settings
) -> str:
    """The SHA-256 of all that a search was asked for, but for its length.

    The request of its first job has all that its trials share.
    """
    assert sweep.engine is not None
    config, target = first.config, sweep.engine.find_target(first.config.runtime)
    isa = target.instruction_set
    request = build_chain(config, dataset, target.device, instruction_set=isa).request
    parts = [config.tracking.experiment, request, _describe(first, space, settings)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _read_curves(
    store: Store, trials: Sequence[StoredTrial], objective: str
) -> list[Sequence[float]]:
    """The objective after each epoch of the trials' runs; nothing of those deleted since."""
    ids = {trial.run_id for trial in trials if trial.run_id}
    runs = [run for run_id in ids for run in find_if_there(store, run_id)]
    names = {run.run_id: find_name(objective, run.metrics) for run in runs}
    found = read_many(store, {run_id: [name] for run_id, name in names.items() if name})
    return [
        found.get(str(trial.run_id), {}).get(str(names.get(str(trial.run_id))), ())
        for trial in trials
    ]


def _describe(first: Job, space: Space, settings: Settings) -> dict[str, object]:
    searched = {key: distribution_to_json(each) for key, each in space.searched.items()}
    return {"objective": first.config.objective, **settings.describe(), "space": searched}


def _open(sweep: Sweep, stored: StoredRun | None, first: Job, tags: dict[str, str]) -> None:
    """Start the search's own run, or go on with it."""
    if stored is None or sweep.store is None:
        sweep.start_parent(first.config, tags)
    else:
        sweep.parent = take_up_search(sweep.store, stored)
        sweep.parent.tell(sweep.say)


def _train(
    sweep: Sweep, trials: Trials, count: int, make_job: MakeJob, first: Job, at_once: int
) -> None:
    """Train so many more trials."""
    engine, parent = sweep.engine, sweep.parent
    if count < 1 or engine is None or parent is None:
        return
    numbers = trials.list_next(count)
    shown = [PlannedRun(name_planned(number), first.config.epochs) for number in numbers]
    live = not engine.in_this_process
    with display(shown, min(at_once, count), sweep.console, live=live) as report:
        tree = SearchTree(
            trials,
            count,
            make_job,
            lambda number, trial: write_trial(parent, number, trial),
            report,
        )
        try:
            engine.run(tree, report, parent.run_id)
        finally:
            sweep.note_finished(tree)

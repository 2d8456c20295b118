"""The first training step after which two runs differ, and what differs there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from hhexp.errors import UserError
from hhexp.experiment import Job, check_config
from hhexp.experiment.stages import is_beginning
from hhexp.experiment.trace import FILE, Trace, read_trace
from hhexp.provenance import FOLDER
from hhexp.reproduction.record import Record
from hhexp.reproduction.retrain import Reproduction, train_jobs
from hhexp.reproduction.verdict import DIVERGED, EXACT, STATUSES
from hhexp.terminal import Terminal
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.store import Store

SHOWN = 6
"""Variables that are named."""


@dataclass(frozen=True)
class FirstStep:
    """The first step after which two runs differ; step 0 is the epoch's beginning."""

    epoch: int
    step: int
    variables: tuple[str, ...]
    """Those that differ, in the model's order."""
    of: int
    """How many variables there are."""

    def __str__(self) -> str:
        first, *others = self.variables
        said = f"first difference: epoch {self.epoch}, step {self.step}, variable {first}"
        if self.step == 0:
            said += " (before any step: the weights that the training starts with)"
        if not others:
            return f"{said}; the other {self.of - 1} variables are the same"
        if len(self.variables) == self.of:
            return f"{said}, and so do all {self.of} variables"
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        names = ", ".join(others[:SHOWN])
        return f"{said}, then {names}{more}; {len(self.variables)} of {self.of} variables differ"


def bisect(
    reproduction: Reproduction, settings: Sequence[str], store: Store, console: Terminal
) -> int:
    """Train a run again, compare it step by step, and say where it first differs.

    Args:
        reproduction: the run, and the job that repeats it.
        settings: of this machine, to compare two runs of it; else the record is compared.
        store: where the runs are logged.
        console: where to say it.

    Returns:
        the exit status: as exact where no step differs, as diverged where one does, 1 where a
        training failed.

    Raises:
        UserError: the record has no trace, and no settings are given; or a setting is wrong.
    """
    record, asked = reproduction.record, reproduction.job.config.epochs
    past = None if settings else read_past(record)
    # Most runs that differ do so in the first epoch; the learning rate may depend on them all.
    shortened = asked > 1 and is_beginning(reproduction.job.config, 1, reproduction.images)
    tries = [1, asked] if shortened else [asked]
    for epochs in tries:
        jobs = make_jobs(reproduction.job, settings, epochs)
        outcomes = train_jobs(jobs, store, console)
        if not all(outcome.finished for outcome in outcomes.values()):
            return 1
        run_ids = [str(outcomes[job.key].run_id) for job in jobs]
        one, other = [*([past] if past else []), *(_read(store, run_id) for run_id in run_ids)]
        if first := find_first_step(one, other, epochs):
            console.print(str(first))
            return STATUSES[DIVERGED]
    console.print(f"no step differs: {len(other.steps)} hashes of the weights are the same")
    return STATUSES[EXACT]


def read_past(record: Record) -> Trace:
    """The trace of a run on record.

    Raises:
        UserError: it has none, or one that is not of its history.
    """
    run = f"run {record.run_id[:8]}"
    if FILE not in record.files:
        raise UserError(
            f"{run} has no trace of its steps: train it with state.trace=true on the machine that "
            "it comes from, or compare two settings of this machine, as in --bisect "
            "runtime.isa=avx2"
        )
    trace = read_trace(record.files[FILE])
    ends = {step.epoch: step.weights for step in trace.steps}
    for number, epoch in enumerate(record.epochs, start=1):
        if ends.get(number) != epoch.weights:
            raise UserError(f"{run}: {FILE} does not agree with the record in epoch {number}")
    return trace


def make_jobs(job: Job, settings: Sequence[str], epochs: int) -> list[Job]:
    """The jobs to compare, each with a trace: one as it was, or two where settings are given.

    Args:
        job: as it was.
        settings: ``key=value`` for the second job, ``key=value,value`` for one and the other.
        epochs: how many to train.

    Raises:
        UserError: a setting is wrong.
    """
    if not settings:
        return [_change(job, "", {}, epochs)]
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for setting in settings:
        key, values = _parse(setting)
        if len(values) == 2:
            sides[0][key] = values[0]
        sides[1][key] = values[-1]
    names = [" ".join(f"{key}={value}" for key, value in side.items()) for side in sides]
    return [
        _change(job, f", {name or 'as recorded'}", side, epochs)
        for name, side in zip(names, sides, strict=True)
    ]


def find_first_step(one: Trace, other: Trace, epochs: int) -> FirstStep | None:
    """The first step of so many epochs after which two traces differ.

    Other numbers may stop a training early: what only the longer trace has is not compared.

    Raises:
        UserError: they are of different models, or one of them lacks a step.
    """
    if len(one.names) != len(other.names):
        counts = f"{len(one.names)} and {len(other.names)} variables"
        raise UserError(f"the two runs have models of {counts}, so no step can be compared")
    sides = [[step for step in trace.steps if step.epoch <= epochs] for trace in (one, other)]
    numbers = [[(step.epoch, step.step) for step in side] for side in sides]
    for then, now in zip(*sides, strict=False):
        if (then.epoch, then.step) != (now.epoch, now.step):
            break
        pairs = zip(other.names, then.variables, now.variables, strict=True)
        if differing := tuple(name for name, before, after in pairs if before != after):
            return FirstStep(now.epoch, now.step, differing, len(other.names))
    if numbers[0] != numbers[1]:
        raise UserError("the traces of the two runs are not of the same steps")
    return None


def _parse(setting: str) -> tuple[str, list[Any]]:
    """The key of a setting, and its one or two values."""
    key, equals, text = setting.partition("=")
    try:
        values = yaml.safe_load(f"[{text}]")
    except yaml.YAMLError:
        values = []
    if not key or not equals or len(values) not in (1, 2):
        raise UserError(f"--bisect {setting}: must be key=value or key=value,value")
    return key, values


def _change(job: Job, name: str, settings: Mapping[str, Any], epochs: int) -> Job:
    """The job with these settings, so many epochs and a trace."""
    values = job.config.model_dump(exclude_unset=True)
    for key, value in {**settings, "epochs": epochs, "state.trace": True}.items():
        *parents, last = key.split(".")
        section = values
        for parent in parents:
            section = section.setdefault(parent, {})
            if not isinstance(section, dict):
                raise UserError(f"--bisect {key}={value}: no such key")
        section[last] = value
    return replace(job, key=f"{job.key}{name}", config=check_config(values))


def _read(store: Store, run_id: str) -> Trace:
    return read_trace(read_text(store, run_id, f"{FOLDER}/{FILE}") or "")

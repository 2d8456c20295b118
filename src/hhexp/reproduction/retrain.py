"""Train a run on record again from nothing, and judge whether its numbers came back."""

import copy
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import yaml

from hhexp.config.schema import Config
from hhexp.display import PlannedRun, display
from hhexp.errors import UserError
from hhexp.experiment import Job, Outcome, Trusted, check_recorded, read_data
from hhexp.experiment.identity import Identity, drop_bystanders, identify, list_differences
from hhexp.experiment.stages import is_beginning
from hhexp.launching.devices import choose_device
from hhexp.launching.engines.processes import Processes
from hhexp.launching.tree import Tree
from hhexp.provenance import FOLDER, collect
from hhexp.reproduction.difference import find_differences
from hhexp.reproduction.record import Record, read_epochs
from hhexp.reproduction.seeds import find_other_seeds
from hhexp.reproduction.tolerance import accept, derive_tolerance
from hhexp.reproduction.verdict import STATUSES, Verdict, compare_histories
from hhexp.terminal import Terminal
from hhexp.tracking.query import set_verdict
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import VERDICT, VERDICT_WORDS
from hhexp.training import isa


@dataclass(frozen=True)
class Reproduction:
    """A run on record, and what would be trained to check it."""

    record: Record
    job: Job
    identity: Identity
    """Of what would be trained here and now."""
    provenance: dict[str, str]
    """As it would be logged."""
    images: int
    """In the training split."""
    doubts: tuple[str, ...]
    """What speaks against the record."""

    @property
    def moved(self) -> list[str]:
        """What affects the numbers and has changed, such as ``threads 2 → 1``."""
        return list_differences(drop_bystanders(self.record.identity), self.identity)


def prepare_reproduction(
    record: Record,
    doubts: Sequence[str],
    *,
    epochs: int | None,
    trusted: Trusted,
) -> Reproduction:
    """The job that repeats a run, with its threads and its instruction set.

    Args:
        record: the run.
        doubts: what speaks against its record.
        epochs: train so many only; None for all.
        trusted: what the person has named; nothing else that the record names is used.

    Raises:
        UserError: something that is needed is missing here, and what to do about it.
    """
    values = copy.deepcopy(record.config)
    was = record.identity
    runtime = _get_section(values, "runtime")
    runtime["isa"] = _choose_cap(str(runtime.get("isa")), str(was.get("instruction set")))
    data = _get_section(values, "data")
    if trusted.root is not None:
        data["root"] = trusted.root
    if epochs is not None:
        _limit_epochs(values, epochs, record)
    as_recorded = yaml.safe_dump(values, sort_keys=False)
    # Where the new run goes, and that it is trained at all, does not count as a difference.
    if runtime.get("device") == "auto":
        runtime["device"] = was.get("device")
    _get_section(values, "tracking").update(uri=None, tags={})
    values |= {"reuse": False, "explain": False}
    config = check_recorded(values, trusted)
    key = f"reproduction of {record.run_id[:8]}"
    job = Job(key, config, tuple(record.overrides), record.choices, reproduces=record.run_id)
    kind = choose_device(config.runtime.device)
    try:
        dataset = read_data(config)
    except UserError as error:
        raise UserError(f"{error}; say where the data lies now with --data-root") from error
    if epochs is not None:
        _check_rates(config, cast(int, record.config["epochs"]), len(dataset.train.paths))
    now = collect(
        modules=config.modules,
        dataset=dataset,
        device=kind,
        isa=config.runtime.isa,
    )
    now |= {f"{FOLDER}/config.yaml": as_recorded}
    # The model's graphs are taken to be those on record. The tables of this CPU are looked at here.
    parts = identify(config, dataset, kind, record.portability)
    images = len(dataset.train.paths)
    return Reproduction(record, job, parts, now, images, tuple(doubts))


def reproduce(
    reproductions: Sequence[Reproduction],
    store: Store,
    console: Terminal,
    *,
    tolerance: float | None,
    experiments: Path,
) -> list[Verdict | None]:
    """Train each again, and log the verdicts.

    Args:
        reproductions: what to train.
        store: where the new runs go.
        console: shows how far they are.
        tolerance: how far the last metrics may be off; None to derive it from other seeds.
        experiments: the folder of the studies, whose published runs may be those other seeds.

    Returns:
        each one's verdict; None where its training failed.
    """
    outcomes = train_jobs([each.job for each in reproductions], store, console)
    verdicts: list[Verdict | None] = []
    for each in reproductions:
        outcome = outcomes[each.job.key]
        if not outcome.finished or outcome.run_id is None:
            verdicts.append(None)
            continue
        verdict = _judge(each, outcome.run_id, store, tolerance, experiments)
        _log_verdict(each, outcome.run_id, store, verdict)
        verdicts.append(verdict)
    return verdicts


def train_jobs(jobs: Sequence[Job], store: Store, console: Terminal) -> dict[str, Outcome]:
    """Train jobs in processes, as many at once as cores can hold; each one's outcome by its key.

    The environment tells the workers which store it is: its address may have a password, and what
    is in a configuration is logged.
    """
    os.environ["MLFLOW_TRACKING_URI"] = store.uri
    planned = [PlannedRun(job.key, job.config.epochs) for job in jobs]
    with Processes() as engine:
        at_once = engine.prepare(jobs)
        engine.start_ahead(jobs)
        with display(planned, min(at_once, len(jobs)), console) as report:
            tree = Tree.of(jobs)
            engine.run(tree, report)
            return tree.outcomes


def choose_exit_status(verdicts: Sequence[Verdict | None]) -> int:
    """The worst verdict's exit status; 1 where a training failed."""
    if any(verdict is None for verdict in verdicts):
        return 1
    return max((verdict.status for verdict in verdicts if verdict), default=STATUSES["exact"])


def _judge(
    each: Reproduction, run_id: str, store: Store, slack: float | None, experiments: Path
) -> Verdict:
    found = read_epochs(store, run_id)
    recorded = each.record.epochs[: each.job.config.epochs]
    last = min(len(recorded), len(found))
    if slack is None:
        seeds = find_other_seeds(store, experiments, each.record, last)
        tolerance = derive_tolerance(recorded[last - 1], seeds, each.record.image_counts)
    else:
        tolerance = accept(recorded[last - 1], slack)
    return replace(compare_histories(recorded, found, tolerance), doubts=each.doubts)


def _log_verdict(each: Reproduction, run_id: str, store: Store, verdict: Verdict) -> None:
    tracked = TrackedRun(store, run_id)
    tracked.set_tags({VERDICT: verdict.label, VERDICT_WORDS: str(verdict)})
    differences = find_differences(each.record.provenance, each.provenance)
    tracked.log_json(
        {**asdict(verdict), "differences": [asdict(one) for one in differences]}, "verdict.json"
    )
    set_verdict(store, each.record.run_id, verdict.label, run_id)


def _get_section(values: dict[str, Any], name: str) -> dict[str, Any]:
    section = values.get(name)
    if not isinstance(section, dict):
        raise UserError(f"the recorded configuration has no section {name!r}")
    return section


def _choose_cap(option: str, recorded: str) -> str:
    """The value of ``runtime.isa`` that brings this CPU to the recorded instruction set."""
    if option in ("native", *isa.OPTIONS) and isa.find_effective(option) == recorded:
        return option
    return isa.find_option(recorded) if isa.reaches(recorded) else "native"


def _check_rates(config: Config, epochs: int, images: int) -> None:
    whole = config.model_copy(update={"epochs": epochs})
    if not is_beginning(whole, config.epochs, images):
        raise UserError(
            "--epochs: this run's learning rate depends on all its epochs; leave it out"
        )


def _limit_epochs(values: dict[str, Any], epochs: int, record: Record) -> None:
    if not 1 <= epochs <= len(record.epochs):
        raise UserError(f"--epochs {epochs}: the run has {len(record.epochs)} epochs")
    values["epochs"] = epochs

"""Answer a job: by a run that is there, from a saved state, or by training; and keep it."""

import json
import time

from hhexp import __version__
from hhexp.config.schema import Config
from hhexp.errors import one_line
from hhexp.experiment.assembly import Training
from hhexp.experiment.identity import Identity, identity, trajectory
from hhexp.experiment.job import Job, Outcome, prepare, read_data
from hhexp.experiment.plan import Plan, plan
from hhexp.experiment.record import log_configuration, log_history, log_results
from hhexp.tracking.process import this_process
from hhexp.tracking.query import metric_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, keep_state
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation
from hhexp.training.progress import EpochDone, Report, RunEnded, RunStarted, Stage, StepDone
from hhexp.training.runtime import start_tensorflow
from hhexp.training.state import PastEpoch, load_state, save_state

STEP_REPORT_S = 0.2
"""Least time between two reports of a step, in seconds."""


def run(job: Job, report: Report, parent_id: str | None = None) -> Outcome:
    """Answer a job; must have a process to itself, as TensorFlow is set up for the job.

    Never raises for what goes wrong in the run itself: the run ends FAILED with its error, or
    KILLED where it is interrupted, and the outcome says so.
    """
    tracked: TrackedRun | None = None
    try:
        config = prepare(job)
        report(Stage(job.key, "reading the images"))
        dataset = read_data(config)
        report(Stage(job.key, "starting TensorFlow"))
        device = start_tensorflow(**config.runtime.model_dump())
        parts = identity(config, dataset, device.kind)
        store = Store.resolve(config.tracking.uri)
        chosen = plan(store, trajectory(parts), config.epochs, reuse=config.reuse)
        if chosen.action == "hit":
            return answered(job, config, store, chosen, report)
        training = Training.assemble(config, dataset, device)
        past = restore(training, store, chosen)
        tracked = open_run(job, config, store, chosen, parent_id, parts)
        log_configuration(tracked, job, training, parts)
        answers = train_and_log(tracked, job, training, past, report)
        report(Stage(job.key, "logging the model and the pictures"))
        log_results(tracked, training, past, answers)
        tracked.finish("FINISHED", None)
        report(RunEnded(job.key, tracked.run_id, "FINISHED", ""))
        return Outcome(
            job.key, tracked.run_id, "FINISHED", past[-1].metrics.get(config.objective), ""
        )
    except BaseException as error:
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        run_id = tracked.run_id if tracked else None
        if tracked:
            tracked.finish(status, error)
        report(RunEnded(job.key, run_id, status, one_line(error)))
        return Outcome(job.key, run_id, status, None, one_line(error))


def answered(job: Job, config: Config, store: Store, chosen: Plan, report: Report) -> Outcome:
    """The outcome of a job that a finished run answers."""
    run_id = str(chosen.run_id)
    values = metric_histories(store, run_id).get(config.objective)
    report(RunEnded(job.key, run_id, "FINISHED", "answered by a run that is there"))
    return Outcome(job.key, run_id, "FINISHED", values[-1] if values else None, "")


def restore(training: Training, store: Store, chosen: Plan) -> list[PastEpoch]:
    """Put the state to start from into a training; the epochs that led to it.

    Where the state is gone or damaged the run starts from nothing, with the same numbers.
    """
    content = fetch_state(store, chosen.state) if chosen.state else None
    return load_state(training.model, training.optimizer, content) if content else []


def open_run(
    job: Job,
    config: Config,
    store: Store,
    chosen: Plan,
    parent_id: str | None,
    parts: Identity,
) -> TrackedRun:
    """Start a run, or go on with an interrupted one."""
    if chosen.action == "resume":
        tracked = TrackedRun.resume(store, str(chosen.run_id))
    else:
        tracked = TrackedRun.start(
            store, config.tracking.experiment, job.key, parent_id, run_tags(config)
        )
    reproduces = "hhexp.reproduces" in config.tracking.tags
    tracked.set_tags(
        {
            "hhexp.kind": "reproduction" if reproduces else "run",
            "hhexp.overrides": " ".join(job.overrides),
            "hhexp.process": this_process(),
            "hhexp.trajectory": trajectory(parts),
            "hhexp.identity": json.dumps(parts),
            "hhexp.plan": str(chosen),
        }
    )
    return tracked


def train_and_log(
    tracked: TrackedRun, job: Job, training: Training, past: list[PastEpoch], report: Report
) -> Evaluation:
    """Train the epochs that are missing, each logged as it ends and appended to ``past``.

    An interrupted run has logged some of them already: none is logged twice.

    Returns:
        the trained model's answers to the validation images.
    """
    config = training.config
    histories = metric_histories(tracked.store, tracked.run_id)
    logged = max((len(values) for values in histories.values()), default=0)
    if logged < len(past):
        tracked.log_history(logged + 1, [epoch.metrics for epoch in past[logged:]])
        logged = len(past)
    report(RunStarted(job.key, tracked.run_id, len(past) + 1, config.epochs, training.steps))
    spoken = 0.0

    def on_step(epoch: int, step: int, loss: float, accuracy: float) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken >= STEP_REPORT_S or step == training.steps:
            spoken = now
            report(StepDone(job.key, epoch, step, loss, accuracy))

    answers = None
    for epoch in training.epochs(len(past) + 1, on_step):
        answers = epoch.validation
        past.append(PastEpoch(epoch.metrics, epoch.weights))
        if epoch.number > logged:
            tracked.log_epoch(epoch.number, epoch.metrics)
        report(EpochDone(job.key, epoch.number, epoch.metrics))
        if epoch.number % config.state.every == 0 or epoch.number == config.epochs:
            keep_state(tracked, save_state(training.model, training.optimizer, past), epoch.number)
            log_history(tracked, past)
    return answers if answers is not None else training.validate()


def run_tags(config: Config) -> dict[str, str]:
    """The tags that a run and its sweep share."""
    tags = {"hhexp.version": __version__, **config.tracking.tags}
    if config.tracking.label:
        tags["hhexp.label"] = config.tracking.label
    return tags


def mark_dead(job: Job, run_id: str, status: str, error: str) -> None:
    """End a run whose process has died without doing so itself."""
    store = Store.resolve(prepare(job).tracking.uri)
    TrackedRun.resume(store, run_id).finish(status, RuntimeError(error))

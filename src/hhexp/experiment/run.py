"""Train a job and keep it."""

import time

from hhexp import __version__
from hhexp.config.schema import Config
from hhexp.errors import UserError
from hhexp.experiment.assembly import Training
from hhexp.experiment.job import Job, Outcome, prepare, read_data
from hhexp.experiment.record import log_configuration, log_results
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.loop import Epoch
from hhexp.training.progress import EpochDone, Report, RunEnded, RunStarted, Stage, StepDone

STEP_REPORT_S = 0.2
"""Least time between two reports of a step, in seconds."""


def run(job: Job, report: Report, parent_id: str | None = None) -> Outcome:
    """Train a job and log it; must have a process to itself, as TensorFlow is set up for the job.

    Never raises for what goes wrong in the run itself: the run ends FAILED with its error, or
    KILLED where it is interrupted, and the outcome says so.
    """
    tracked: TrackedRun | None = None
    try:
        config = prepare(job)
        report(Stage(job.key, "reading the images"))
        dataset = read_data(config)
        report(Stage(job.key, "starting TensorFlow"))
        training = Training.assemble(config, dataset)
        store = Store.resolve(config.tracking.uri)
        tracked = TrackedRun.start(
            store, config.tracking.experiment, job.key, parent_id, run_tags(config)
        )
        log_configuration(tracked, job, config, training)
        epochs = train_and_log(tracked, job, training, report)
        report(Stage(job.key, "logging the model and the pictures"))
        log_results(tracked, training, epochs)
        tracked.finish("FINISHED", None)
        report(RunEnded(job.key, tracked.run_id, "FINISHED", ""))
        objective = epochs[-1].metrics.get(config.objective)
        return Outcome(job.key, tracked.run_id, "FINISHED", objective, "")
    except BaseException as error:
        status = "FAILED" if isinstance(error, Exception) else "KILLED"
        note = one_line(error)
        run_id = tracked.run_id if tracked else None
        if tracked:
            tracked.finish(status, error)
        report(RunEnded(job.key, run_id, status, note))
        return Outcome(job.key, run_id, status, None, note)


def train_and_log(tracked: TrackedRun, job: Job, training: Training, report: Report) -> list[Epoch]:
    """Train all epochs, each logged as it ends."""
    config = training.config
    report(RunStarted(job.key, tracked.run_id, 1, config.epochs, training.steps))
    spoken = 0.0

    def on_step(epoch: int, step: int, loss: float, accuracy: float) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken >= STEP_REPORT_S or step == training.steps:
            spoken = now
            report(StepDone(job.key, epoch, step, loss, accuracy))

    epochs = []
    for epoch in training.epochs(on_step):
        tracked.log_epoch(epoch.number, epoch.metrics)
        report(EpochDone(job.key, epoch.number, epoch.metrics))
        epochs.append(epoch)
    return epochs


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


def one_line(error: BaseException) -> str:
    """An exception in one line, for tags and tables."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = " ".join(str(error).split())
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"

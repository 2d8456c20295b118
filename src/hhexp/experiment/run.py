"""Do a job: reuse a finished run, continue from a saved state, or train; and log it."""

import json
import time

from hhexp import __version__
from hhexp.config.registry import import_modules
from hhexp.config.schema import Config
from hhexp.display.events import EpochDone, Phase, Report, RunEnded, RunStarted, StepDone
from hhexp.errors import one_line
from hhexp.experiment.artifacts import log_configuration, log_history, log_results
from hhexp.experiment.assembly import Training
from hhexp.experiment.identity import Identity, identify, name_trajectory
from hhexp.experiment.job import Job, Outcome, read_data
from hhexp.experiment.plan import Plan, claim_plan
from hhexp.experiment.trace import FILE, Trace
from hhexp.provenance import FOLDER
from hhexp.tracking.process import name_this_process
from hhexp.tracking.query import read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, find_state, keep_state
from hhexp.tracking.store import Store
from hhexp.tracking.tags import (
    IDENTITY,
    KIND,
    LABEL,
    OVERRIDES,
    PLAN,
    PORTABILITY,
    PROCESS,
    REPRODUCES,
    TRAJECTORY,
    VERSION,
)
from hhexp.training.evaluation import Evaluation
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
        config = job.config
        import_modules(config.modules)  # a worker has not imported them
        report(Phase(job.key, "reading the images"))
        dataset = read_data(config)
        report(Phase(job.key, "starting TensorFlow"))
        device = start_tensorflow(**config.runtime.model_dump())
        store = Store.resolve(config.tracking.uri)
        training = Training.assemble(config, dataset, device)
        portability = training.check_portability()
        parts = identify(config, dataset, device.kind, portability)
        # From here to open_run is short, so that other processes soon see what this one does.
        chosen = claim_plan(store, name_trajectory(parts), config.epochs, reuse=config.may_reuse)
        if chosen.action == "hit":
            return reuse(job, store, chosen, report)
        tracked = open_run(job, store, chosen, parent_id, parts)
        chosen, past = restore(training, store, chosen)
        report(RunStarted(job.key, tracked.run_id, len(past) + 1, config.epochs, training.steps))
        tracked.set_tags({PLAN: str(chosen), PORTABILITY: str(portability or "GPU")})
        log_configuration(tracked, job, training, parts, portability)
        answers = train_and_log(tracked, job, training, past, report)
        report(Phase(job.key, "logging the model and the pictures"))
        notes = [*chosen.notes, *log_results(tracked, training, past, answers)]
        tracked.finish("FINISHED", None)
        report(RunEnded(job.key, tracked.run_id, "FINISHED", "; ".join(notes)))
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


def reuse(job: Job, store: Store, chosen: Plan, report: Report) -> Outcome:
    """The outcome of a job that reuses a finished run."""
    run_id = str(chosen.run_id)
    values = read_histories(store, run_id).get(job.config.objective)
    report(RunEnded(job.key, run_id, "FINISHED", "reused a finished run"))
    return Outcome(job.key, run_id, "FINISHED", values[-1] if values else None, "")


def restore(training: Training, store: Store, chosen: Plan) -> tuple[Plan, list[PastEpoch]]:
    """Put the first of the plan's states that is whole into a training.

    If there is none, the run starts from scratch, with the same numbers.

    Returns:
        the plan with what was taken, and the epochs that led to it.
    """
    while chosen.state:
        content = fetch_state(store, chosen.state)
        if content is not None:
            return chosen, load_state(training.model, training.optimizer, content)
        chosen = chosen.without_state()
    return chosen, []


def open_run(
    job: Job, store: Store, chosen: Plan, parent_id: str | None, parts: Identity
) -> TrackedRun:
    """Start a run, or continue an interrupted one."""
    config = job.config
    tags = {
        KIND: "reproduction" if job.reproduces else "run",
        OVERRIDES: " ".join(job.overrides),
        PROCESS: name_this_process(),
        TRAJECTORY: name_trajectory(parts),
        IDENTITY: json.dumps(parts),
        **({REPRODUCES: job.reproduces} if job.reproduces else {}),
    }
    if chosen.action == "resume":
        tracked = TrackedRun.resume(store, str(chosen.run_id))
        tracked.set_tags(tags)
        return tracked
    return TrackedRun.start(
        store, config.tracking.experiment, job.key, parent_id, {**make_tags(config), **tags}
    )


def train_and_log(
    tracked: TrackedRun, job: Job, training: Training, past: list[PastEpoch], report: Report
) -> Evaluation:
    """Train the epochs that are missing, each logged as it ends and appended to ``past``.

    An interrupted run has logged some of them already: none is logged twice.

    Returns:
        the trained model's answers to the validation images.
    """
    config = training.config
    histories = read_histories(tracked.store, tracked.run_id)
    logged = max((len(values) for values in histories.values()), default=0)
    if logged < len(past):
        tracked.log_history(logged + 1, [epoch.metrics for epoch in past[logged:]])
        logged = len(past)
    spoken = 0.0
    trace = Trace() if config.state.trace else None
    if trace:
        trace.note(training.model, len(past) + 1, 0)

    def on_step(epoch: int, step: int, loss: float, accuracy: float) -> None:
        nonlocal spoken
        if trace:
            trace.note(training.model, epoch, step)
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
            save(tracked, training, past)
            if trace:
                tracked.log_text(trace.text, f"{FOLDER}/{FILE}")
    if answers is not None:
        return answers
    state = find_state(tracked.store, tracked.run_id)
    if state is None or state.epoch < len(past):  # another run's state was its end
        save(tracked, training, past)
    return training.validate()


def save(tracked: TrackedRun, training: Training, past: list[PastEpoch]) -> None:
    """Save all that the training needs to continue from here."""
    keep_state(tracked, save_state(training.model, training.optimizer, past), len(past))
    log_history(tracked, past)


def make_tags(config: Config) -> dict[str, str]:
    """The tags that a run and its sweep share."""
    tags = {VERSION: __version__, **config.tracking.tags}
    if config.tracking.label:
        tags[LABEL] = config.tracking.label
    return tags


def mark_dead(job: Job, run_id: str, status: str, error: str) -> None:
    """End a run whose process has died without doing so itself."""
    store = Store.resolve(job.config.tracking.uri)
    TrackedRun.resume(store, run_id).finish(status, RuntimeError(error))

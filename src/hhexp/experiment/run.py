"""Do a job: reuse a finished run, continue from a saved state, or train; and log it."""

import functools
import json
from collections.abc import Callable, Sequence

from hhexp import __version__
from hhexp.config.registry import import_modules
from hhexp.config.schema import Config
from hhexp.display.events import Phase, Report, RunEnded, RunStarted
from hhexp.errors import one_line
from hhexp.experiment.artifacts import Results, log_configuration, log_results, measure_views
from hhexp.experiment.assembly import Training
from hhexp.experiment.epochs import restore, train_and_log
from hhexp.experiment.job import Job, read_data
from hhexp.experiment.plan import Plan, claim_plan
from hhexp.experiment.stages import Chain, build_chain
from hhexp.tracking.names import find_name
from hhexp.tracking.process import name_this_process
from hhexp.tracking.query import find_runs, read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import (
    FIRST_STAGE,
    IDENTITY,
    KIND,
    LABEL,
    OVERRIDES,
    PLAN,
    PORTABILITY,
    PROCESS,
    REPRODUCES,
    REQUEST,
    VERSION,
)
from hhexp.training.runtime import start_tensorflow

Later = Callable[[Callable[[], None]], object]
"""Calls a function that needs no more training: at once, or beside the next job's training."""


def run(
    job: Job, report: Report, parent_id: str | None = None, later: Later = lambda log: log()
) -> None:
    """Answer a job, in a process that trains no other meanwhile. How it ended is reported.

    Never raises for what goes wrong in the run itself: the run ends FAILED with its error, or
    KILLED where it is interrupted, and the report says so.

    Args:
        job: what to answer.
        report: hears what happens; ``RunEnded`` comes last.
        parent_id: the sweep's run.
        later: logs the results of the trained model.
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
        chain = build_chain(config, dataset, device.kind, portability)
        # From here to open_run is short, so that other processes soon see what this one does.
        chosen = claim_plan(store, chain, reuse=config.may_reuse)
        if chosen.action == "hit":
            reuse(job, store, chosen, report)
            return
        tracked = open_run(job, store, chosen, parent_id, chain)
        chosen, past = restore(training, store, chosen)
        report(RunStarted(job.key, tracked.run_id, len(past) + 1, config.epochs, training.steps))
        tracked.set_tags({PLAN: str(chosen), PORTABILITY: str(portability or "GPU")})
        log_configuration(tracked, job, training, chain.identity, portability)
        answers = train_and_log(tracked, job, training, chain, past, report)
        views = measure_views(training)
        results = Results(training, past, answers, views)
        later(functools.partial(_finish, job, tracked, results, chosen.notes, report))
    except BaseException as error:
        _fail(job, tracked, error, report)


def reuse(job: Job, store: Store, chosen: Plan, report: Report) -> None:
    """Answer a job by the finished run that a plan names."""
    run_id = str(chosen.run_id)
    histories = read_histories(store, run_id)
    name = find_name(job.config.objective, histories)
    objective = histories[name][-1] if name else None
    report(RunEnded(job.key, run_id, "FINISHED", "reused a finished run", objective))


def open_run(
    job: Job, store: Store, chosen: Plan, parent_id: str | None, chain: Chain
) -> TrackedRun:
    """Start a run, or continue an interrupted one."""
    config = job.config
    tags = {
        KIND: "reproduction" if job.reproduces else "run",
        OVERRIDES: " ".join(job.overrides),
        PROCESS: name_this_process(),
        FIRST_STAGE: chain.stages[0],
        REQUEST: chain.request,
        IDENTITY: json.dumps(chain.identity),
        **({REPRODUCES: job.reproduces} if job.reproduces else {}),
    }
    if chosen.action == "resume":
        tracked = TrackedRun.resume(store, str(chosen.run_id))
        tracked.set_tags(tags)
        return tracked
    return TrackedRun.start(
        store, config.tracking.experiment, job.key, parent_id, {**make_tags(config), **tags}
    )


def make_tags(config: Config) -> dict[str, str]:
    """The tags that a run and its sweep share."""
    tags = {VERSION: __version__, **config.tracking.tags}
    if config.tracking.label:
        tags[LABEL] = config.tracking.label
    return tags


def mark_dead(job: Job, run_id: str, status: str, error: str) -> None:
    """End a run whose process has died, unless the process had ended it and could not say so."""
    store = Store.resolve(job.config.tracking.uri)
    if find_runs(store, [run_id])[0].status == "FINISHED":
        return
    TrackedRun.resume(store, run_id).finish(status, RuntimeError(error))


def _finish(
    job: Job, tracked: TrackedRun, results: Results, notes: Sequence[str], report: Report
) -> None:
    """Log what a run came to, and end it."""
    try:
        report(Phase(job.key, "logging the model and the pictures"))
        said = "; ".join([*notes, *log_results(tracked, results)])
        tracked.finish("FINISHED", None)
    except BaseException as error:
        _fail(job, tracked, error, report)
        return
    objective = results.past[-1].metrics.get(job.config.objective)
    report(RunEnded(job.key, tracked.run_id, "FINISHED", said, objective))


def _fail(job: Job, tracked: TrackedRun | None, error: BaseException, report: Report) -> None:
    """End a run that was opened, and report what went wrong."""
    status = "FAILED" if isinstance(error, Exception) else "KILLED"
    if tracked:
        tracked.finish(status, error)
    report(RunEnded(job.key, tracked.run_id if tracked else None, status, one_line(error)))

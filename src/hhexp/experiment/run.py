"""Do a job: reuse a finished run, continue from a saved state, or train; and log it."""

import functools
import os
import traceback
from collections.abc import Callable, Sequence

from hhexp.config.registry import import_modules
from hhexp.display.events import (
    Event,
    Judge,
    Notice,
    Phase,
    Question,
    Report,
    RunEnded,
    RunStarted,
    go_on,
)
from hhexp.display.transcript import Transcript
from hhexp.errors import one_line
from hhexp.experiment.artifacts import (
    Results,
    answer_test,
    log_configuration,
    log_results,
    measure_best,
    measure_test,
    measure_views,
)
from hhexp.experiment.assembly import Training
from hhexp.experiment.course import Course, find_diverged
from hhexp.experiment.epochs import restore, train_and_log
from hhexp.experiment.job import Job, read_data
from hhexp.experiment.opening import settle_plan
from hhexp.experiment.own_parts import check_metrics
from hhexp.experiment.plan import Plan
from hhexp.experiment.stages import build_chain
from hhexp.tracking import heartbeat
from hhexp.tracking.leftover import send_left
from hhexp.tracking.names import find_name
from hhexp.tracking.outages import is_away, wait_for_store
from hhexp.tracking.query import find_runs, read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.system import watch_system
from hhexp.tracking.tags import PLAN, PORTABILITY, STOPPED
from hhexp.tracking.watch import Watch
from hhexp.training.runtime import import_quietly, start_tensorflow

Later = Callable[[Callable[[], None]], object]
"""Calls a function that needs no more training: at once, or beside the next job's training."""


def run(
    job: Job,
    report: Report,
    parent_id: str | None = None,
    later: Later = lambda log: log(),
    judge: Judge = go_on,
) -> None:
    """Answer a job, in a process that trains no other meanwhile. How it ended is reported.

    Never raises for what goes wrong in the run itself: the run ends FAILED with its error, or
    KILLED where it is interrupted, and the report says so.

    Args:
        job: what to answer.
        report: hears what happens; ``RunEnded`` comes last.
        parent_id: the sweep's run.
        later: logs the results of the trained model.
        judge: of a search: is asked after each epoch whether the run is to go on.
    """
    transcript = Transcript(job.key, job.config.epochs)
    with transcript.copy_prints():
        _answer(job, transcript, transcript.hear(report), parent_id, later, judge)


def _answer(
    job: Job,
    transcript: Transcript,
    report: Report,
    parent_id: str | None,
    later: Later,
    judge: Judge,
) -> None:
    tracked: TrackedRun | None = None
    try:
        config = job.config
        with import_quietly(config.runtime.isa):
            import_modules(config.modules)  # a worker has not imported them
        report(Phase(job.key, "reading the images"))
        dataset = read_data(config)
        report(Phase(job.key, "starting TensorFlow"))
        device = start_tensorflow(**config.runtime.model_dump())
        store = Store.resolve(config.tracking.uri)
        check_metrics(config, dataset.validation.labels, len(dataset.classes))
        training = Training.assemble(config, dataset, device)
        portability = training.check_portability()
        chain = build_chain(config, dataset, device.kind, portability)

        def say(text: str) -> None:
            report(Phase(job.key, text))

        if sent := wait_for_store(lambda: send_left(store), say):
            report(Notice(job.key, f"sent {sent} entries that had waited for the tracking store"))
        chosen, tracked = wait_for_store(
            lambda: settle_plan(job, store, chain, parent_id, report), say
        )
        if tracked is None:
            wait_for_store(lambda: reuse(job, store, chosen, report, judge), say)
            return
        tracked.tell(lambda text: report(Notice(job.key, text)))
        report = _stop_where_taken(tracked, report)
        chosen, course = wait_for_store(lambda: restore(training, store, chosen), say)
        first = len(course.past) + 1
        report(RunStarted(job.key, tracked.run_id, first, config.epochs, training.steps))
        tracked.set_tags({PLAN: str(chosen), PORTABILITY: str(portability or "GPU")})
        log_configuration(tracked, job, training, chain.identity, portability)
        with watch_system(tracked, wanted=config.tracking.system_metrics):
            answers = train_and_log(tracked, job, training, chain, course, report, judge)
        if course.cut:
            _stop(job, tracked, course, transcript, report)
            return
        tested = answer_test(training)
        scores = measure_test(training, tested)
        ends = measure_views(training) | scores | measure_best(training, course, scores)
        results = Results(training, course, answers, tested, ends)
        later(functools.partial(_finish, job, tracked, results, chosen.notes, transcript, report))
    except BaseException as error:
        _fail(job, tracked, error, transcript, report)


def reuse(job: Job, store: Store, chosen: Plan, report: Report, judge: Judge = go_on) -> None:
    """Answer a job by the finished run that a plan names; a search hears what that came to."""
    run_id = str(chosen.run_id)
    histories = read_histories(store, run_id)
    name = find_name(job.config.objective, histories)
    objective = histories[name][-1] if name else None
    if job.judged:
        last = {loss: values[-1] for loss, values in histories.items()}
        values = tuple(histories[name]) if name else ()
        judge(Question(job.key, values, find_diverged(last), ended=True))
    (run,) = find_runs(store, [run_id])
    said = "; ".join(filter(None, ["reused a finished run", run.tags.get(STOPPED)]))
    report(RunEnded(job.key, run_id, "FINISHED", said, objective))


def mark_dead(job: Job, run_id: str, status: str, error: str) -> None:
    """End a run whose process has died, unless that had ended it or another one has it now."""
    store = Store.resolve(job.config.tracking.uri)
    try:
        (run,) = find_runs(store, [run_id])
    except Exception as problem:
        if not is_away(problem):
            raise
    else:
        if run.status == "FINISHED" or Watch().find_trainer(run_id, run.status, run.tags):
            return
    TrackedRun(store, run_id).finish(status, RuntimeError(error))


def _stop_where_taken(tracked: TrackedRun, report: Report) -> Report:
    """A report that stops a run, at its next event, when another process has taken it."""

    def check_and_report(event: Event) -> None:
        if not isinstance(event, RunEnded):
            heartbeat.check(tracked.run_id)
        report(event)

    return check_and_report


def _finish(
    job: Job,
    tracked: TrackedRun,
    results: Results,
    notes: Sequence[str],
    transcript: Transcript,
    report: Report,
) -> None:
    """Log what a run came to, and end it."""
    try:
        report(Phase(job.key, "logging the model and the pictures"))
        stopped = results.course.say_why_stopped()
        if stopped:
            tracked.set_tags({STOPPED: stopped})
        said = "; ".join(filter(None, [*notes, stopped, *log_results(tracked, results)]))
        heartbeat.check(tracked.run_id)
        tracked.finish("FINISHED", None, {transcript.path: transcript.text})
    except BaseException as error:
        _fail(job, tracked, error, transcript, report)
        return
    objective = results.course.past[-1].measured.get(job.config.objective)
    report(RunEnded(job.key, tracked.run_id, "FINISHED", said, objective))


def _stop(
    job: Job, tracked: TrackedRun, course: Course, transcript: Transcript, report: Report
) -> None:
    """End a run that a search has stopped: with its last state, but without results.

    It is KILLED, as MLflow has no better word. So nothing takes it for a whole run, and a command
    that asks for all its epochs continues it.
    """
    heartbeat.check(tracked.run_id)
    tracked.set_tags({STOPPED: course.cut})
    tracked.finish("KILLED", None, {transcript.path: transcript.text})
    report(RunEnded(job.key, tracked.run_id, "STOPPED", course.cut, course.values[-1]))


def _fail(
    job: Job,
    tracked: TrackedRun | None,
    error: BaseException,
    transcript: Transcript,
    report: Report,
) -> None:
    """End a run that was opened, and report what went wrong."""
    status = "FAILED" if isinstance(error, Exception) else "KILLED"
    said = one_line(error)
    if tracked is None and os.environ.get("HHEXP_DEBUG") == "1":  # no run logs it
        traceback.print_exception(error)
    if tracked:
        try:
            console = {transcript.path: f"{transcript.text}{status}: {said}\n"}
            tracked.finish(status, error, console)
        except Exception as second:
            why = "for the same reason" if one_line(second) == said else one_line(second)
            said += f"; and the run could not be marked as {status}: {why}"
    report(RunEnded(job.key, tracked.run_id if tracked else None, status, said))

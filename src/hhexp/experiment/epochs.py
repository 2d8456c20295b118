"""The epochs of a run: from a saved state on, each logged as it ends, with states on the way."""

import time

from hhexp.display.events import (
    EpochDone,
    Judge,
    Phase,
    Question,
    Report,
    StateSaved,
    StepDone,
    go_on,
)
from hhexp.experiment.artifacts import log_history
from hhexp.experiment.assembly import Training
from hhexp.experiment.course import Course
from hhexp.experiment.job import Job
from hhexp.experiment.own_parts import call_back, measure, measure_past
from hhexp.experiment.plan import Plan
from hhexp.experiment.scores import score_epoch
from hhexp.experiment.stages import Chain
from hhexp.experiment.trace import FILE, Trace
from hhexp.provenance import FOLDER
from hhexp.tracking.outages import wait_for_store
from hhexp.tracking.query import read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, find_states
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation
from hhexp.training.state import PastEpoch, load_state, save_state

STEP_REPORT_S = 0.2
"""Least time between two reports of a step, in seconds."""
KEPT = 100_000
"""Images times classes up to which a state keeps every epoch's answers: 0.4 MB an epoch."""


def restore(training: Training, store: Store, chosen: Plan) -> tuple[Plan, Course]:
    """Put the first of the plan's states that is whole, and of use, into a training.

    If there is none, the run starts from scratch, with the same numbers. A state is of no use that
    is beyond the end of a training that stops early, or that lacks the best epoch's model, as one
    of a run with another objective may.

    Returns:
        the plan with what was taken, and the epochs that led to it.
    """
    course = Course(training.config)
    if not chosen.state:
        return chosen, course
    beginning = save_state(training.model, training.optimizer, [])
    while chosen.state:
        content, problem = fetch_state(store, chosen.state), "is missing or damaged"
        if content is not None:
            past, best = load_state(training.model, training.optimizer, content)
            found = course.take_up(past, best, training.model)
            if found is None:
                return chosen, course
            problem = found
        chosen = chosen.without_state(problem)
    load_state(training.model, training.optimizer, beginning)
    return chosen, course


def train_and_log(
    tracked: TrackedRun,
    job: Job,
    training: Training,
    chain: Chain,
    course: Course,
    report: Report,
    judge: Judge = go_on,
) -> Evaluation:
    """Train the epochs that are missing, each logged as it ends and added to the course.

    An interrupted run has logged some of them already: none is logged twice. A search may end the
    run between two epochs: ``Course.cut`` then says why.

    Returns:
        the trained model's answers to the validation images.
    """
    config, past = training.config, course.past

    def say(text: str) -> None:
        report(Phase(job.key, text))

    histories = wait_for_store(lambda: read_histories(tracked.store, tracked.run_id), say)
    logged = max((len(values) for values in histories.values()), default=0)
    if logged < len(past):
        labels = training.dataset.validation.labels
        unlogged = [
            {**epoch.measured, **measure_past(config, epoch, labels)} for epoch in past[logged:]
        ]
        tracked.log_history(logged + 1, unlogged)
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
    _ask(job, course, judge)  # of epochs that were trained before
    missing = () if course.stopped else training.epochs(len(past) + 1, on_step)
    for epoch in missing:
        answers = epoch.validation
        scores = {f"val/{name}": value for name, value in score_epoch(answers).items()}
        kept = answers.probabilities if answers.probabilities.size <= KEPT else None
        done = PastEpoch(epoch.metrics, epoch.weights, scores, kept)
        course.add(done, training.model)
        metrics = {**done.measured, **measure(config, answers.labels, answers.probabilities)}
        if epoch.number > logged:
            tracked.log_epoch(epoch.number, metrics)
        call_back(tracked, training, epoch, metrics)
        report(EpochDone(job.key, epoch.number, epoch.metrics))
        _ask(job, course, judge)
        if is_saved(job, epoch.number) or course.stopped:
            save(tracked, job, training, chain, course, report)
            if trace:
                tracked.log_text(trace.text, f"{FOLDER}/{FILE}")
        if course.stopped:
            break
    if answers is not None:
        return answers
    own = wait_for_store(lambda: find_states(tracked.store, tracked.run_id), say)
    if len(past) not in [state.epoch for state in own]:  # another run's state was its end
        save(tracked, job, training, chain, course, report)
    return training.validate()


def _ask(job: Job, course: Course, judge: Judge) -> None:
    """Tell the search, if the run is of one, how far it is, and let it end the run now."""
    if job.judged and course.past:
        ended = course.stopped or len(course.past) == job.config.epochs
        said = judge(Question(job.key, tuple(course.values), course.diverged, ended))
        course.cut = "" if ended else said


def is_saved(job: Job, epoch: int) -> bool:
    """Whether the state after an epoch is saved."""
    config = job.config
    return epoch % config.state.every == 0 or epoch == config.epochs or epoch in job.keep


def save(
    tracked: TrackedRun,
    job: Job,
    training: Training,
    chain: Chain,
    course: Course,
    report: Report,
) -> None:
    """Save all that a training needs to continue from here."""
    past, epoch = course.past, len(course.past)
    content = save_state(training.model, training.optimizer, past, course.best)
    stays = epoch in job.keep or job.config.state.keep == "all"
    saved = StateSaved(job.key, epoch)
    tracked.log_state(content, epoch, chain.stages[epoch], stays=stays, then=lambda: report(saved))
    log_history(tracked, past)

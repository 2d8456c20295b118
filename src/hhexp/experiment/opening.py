"""Who trains a job's run: this process, which then owns it, or another, which is waited for."""

import json
from collections.abc import Collection

from hhexp import __version__
from hhexp.config.schema import Config
from hhexp.display.events import Report
from hhexp.experiment.coming import write_coming
from hhexp.experiment.epochs import is_saved
from hhexp.experiment.job import Job
from hhexp.experiment.plan import (
    Plan,
    find_helpers,
    find_lost_answers,
    foresee_stop,
    make_plan,
    select_same,
)
from hhexp.experiment.stages import Chain
from hhexp.experiment.waiting import Spectator
from hhexp.tracking import heartbeat
from hhexp.tracking.claims import claim, settle, withdraw
from hhexp.tracking.outages import is_away
from hhexp.tracking.query import StoredRun, find_families
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import (
    COMING,
    FIRST_STAGE,
    IDENTITY,
    KIND,
    LABEL,
    OPENED,
    OVERRIDES,
    REPRODUCES,
    REQUEST,
    VERSION,
)
from hhexp.tracking.watch import Watch


def settle_plan(
    job: Job, store: Store, chain: Chain, parent_id: str | None, report: Report
) -> tuple[Plan, TrackedRun | None]:
    """The plan that is carried out for a job, with the run that this process then trains.

    While another process trains what the job asks for, or epochs that it shares, this one waits.
    It goes on with the run if the other one dies or fails. A process that waits has no run of its
    own, so that no two wait for each other.

    Args:
        job: what to answer.
        store: where the runs are.
        chain: the job's stages.
        parent_id: the sweep's run.
        report: hears what the other process does meanwhile.

    Returns:
        the plan, and the run; None where the plan is a hit.
    """
    if not job.config.may_reuse:
        return Plan("train"), _start_run(job, store, chain, parent_id)
    watch = Watch()
    spectator = Spectator(job, store, watch, report)
    while True:
        family = _find_family(store, chain)
        lost = find_lost_answers(store, [family], [chain])
        chosen = make_plan(family, chain, watch, lost, foresee_stop(store, family, chain))
        tracked = None
        match chosen.action:
            case "hit":
                return chosen, None
            case "wait":
                spectator.wait(str(chosen.run_id), chosen.until)
            case "resume":
                tracked = _resume_run(job, store, chosen, chain, watch)
            case _:
                tracked = _open_run(job, store, chosen, chain, watch, parent_id, lost)
        if tracked:
            return chosen, tracked


def _find_family(store: Store, chain: Chain) -> list[StoredRun]:
    first = chain.stages[0]
    return find_families(store, [first])[first]


def _resume_run(
    job: Job, store: Store, chosen: Plan, chain: Chain, watch: Watch
) -> TrackedRun | None:
    """Go on with an interrupted run; None where another process takes it."""
    run_id = str(chosen.run_id)
    if not claim(store, run_id, watch):
        return None
    heartbeat.own(store, run_id)
    try:
        tracked = TrackedRun.resume(store, run_id)
        tracked.set_tags(_make_run_tags(job, chain))
    except BaseException as error:
        if not is_away(error):  # else the next try finds it as this process's own
            TrackedRun(store, run_id).finish("KILLED", error)
        raise
    return tracked


def _open_run(
    job: Job,
    store: Store,
    chosen: Plan,
    chain: Chain,
    watch: Watch,
    parent_id: str | None,
    lost: Collection[str],
) -> TrackedRun | None:
    """Start a run, unless another process trains what it would; then None, and there is none.

    The finished runs in ``lost`` have lost artifacts, and answer nothing.
    """

    def find_rivals() -> list[StoredRun]:
        family = [run for run in _find_family(store, chain) if run.run_id not in lost]
        helpers = find_helpers(family, chain, watch, chosen.start)
        return [*select_same(family, chain), *(run for run, _ in helpers)]

    opened = _start_run(job, store, chain, parent_id, opened=True)
    try:
        return opened if settle(store, opened.run_id, find_rivals, watch) else None
    except BaseException:
        withdraw(store, opened.run_id)
        raise


def _start_run(
    job: Job, store: Store, chain: Chain, parent_id: str | None, *, opened: bool = False
) -> TrackedRun:
    """Start a run of this process's; ``opened`` where it has still to be settled."""
    config = job.config
    tags = {**make_tags(config), **_make_run_tags(job, chain), **({OPENED: "1"} if opened else {})}
    tracked = TrackedRun.start(store, config.tracking.experiment, job.key, parent_id, tags)
    heartbeat.own(store, tracked.run_id)
    return tracked


def _make_run_tags(job: Job, chain: Chain) -> dict[str, str]:
    saved = (epoch for epoch in range(1, chain.epochs + 1) if is_saved(job, epoch))
    return {
        KIND: "reproduction" if job.reproduces else "run",
        OVERRIDES: " ".join(job.overrides),
        FIRST_STAGE: chain.stages[0],
        REQUEST: chain.request,
        IDENTITY: json.dumps(chain.identity),
        COMING: write_coming(saved, chain),
        **heartbeat.make_owner_tags(),
        **({REPRODUCES: job.reproduces} if job.reproduces else {}),
    }


def make_tags(config: Config) -> dict[str, str]:
    """The tags that a run and its sweep share."""
    tags = {VERSION: __version__, **config.tracking.tags}
    if config.tracking.label:
        tags[LABEL] = config.tracking.label
    return tags

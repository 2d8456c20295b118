"""A job is trained by one process; another that has the same job waits for it, or takes over."""

import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.display.events import Event, Phase, RunAwaited
from hhexp.experiment import opening, waiting
from hhexp.experiment.job import Job
from hhexp.experiment.opening import settle_plan
from hhexp.experiment.plan import Plan
from hhexp.experiment.stages import Chain
from hhexp.tracking import heartbeat
from hhexp.tracking.process import name_process, name_this_process
from hhexp.tracking.query import find_trained
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMING, FIRST_STAGE, HEARTBEAT, KIND, OPENED, PROCESS, REQUEST

NINE = Chain({"seed": 0}, tuple("s123456789"), "nine")
HERE = name_process(os.getppid())


def job(*, reuse: bool = True) -> Any:
    tracking = SimpleNamespace(experiment="study", tags={"who": "me"}, label="tiny")
    state = SimpleNamespace(every=4)
    config = SimpleNamespace(may_reuse=reuse, tracking=tracking, epochs=9, state=state)
    return Job("a job", config, ("epochs=9",), keep=(6,))  # type: ignore[arg-type]


def other(store: Store) -> TrackedRun:
    """A run of the same request that another process trains."""
    tags = {KIND: "run", FIRST_STAGE: "s", REQUEST: "nine", PROCESS: HERE, HEARTBEAT: "0"}
    return TrackedRun.start(store, "study", "another", None, tags)


def decide(store: Store, report: Any = lambda _: None, **how: bool) -> tuple[Plan, Any]:
    chosen, tracked = settle_plan(job(**how), store, NINE, None, report)
    if tracked:
        heartbeat.leave(tracked.run_id)
    return chosen, tracked


def test_a_job_of_ones_own_is_opened_with_what_it_is_found_by(store: Store) -> None:
    chosen, tracked = decide(store)
    assert chosen == Plan("train")
    (run,) = find_trained(store)
    assert run.run_id == tracked.run_id
    assert run.tags.items() >= {
        FIRST_STAGE: "s", REQUEST: "nine", PROCESS: name_this_process(), "who": "me",
        "hhexp.label": "tiny", "hhexp.overrides": "epochs=9", "hhexp.identity": '{"seed": 0}',
        "hhexp.coming": "4:4 6:6 8:8 9:9",
    }.items()  # fmt: skip
    assert OPENED not in run.tags
    assert abs(float(run.tags[HEARTBEAT]) - time.time()) < 600
    tracked.finish("KILLED", None)
    assert decide(store)[0] == Plan("resume", run.run_id)


def test_a_finished_run_that_has_lost_artifacts_is_no_rival(store: Store) -> None:
    lost = other(store)
    lost.finish("FINISHED", None)
    chosen, tracked = decide(store)
    assert chosen.action == "train" and tracked.run_id != lost.run_id


@pytest.mark.parametrize(("status", "action"), [("FINISHED", "hit"), ("FAILED", "resume")])
def test_a_job_that_another_process_trains_is_waited_for(
    store: Store, status: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.02)
    monkeypatch.setattr(opening, "find_lost_answers", lambda *_: {})  # a finished run has all
    run = other(store)

    def report(event: Event) -> None:
        if isinstance(event, Phase):
            run.finish(status, None)

    chosen, tracked = decide(store, report)
    assert (chosen.action, chosen.run_id) == (action, run.run_id)
    assert (tracked is None) is (action == "hit")
    assert len(list(find_trained(store))) == 1


def test_epochs_that_another_process_trains_are_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_S", 0.02)
    run = other(store)
    run.set_tags({REQUEST: "twelve", COMING: "4:4 8:another 12:c"})

    def report(event: Event) -> None:
        if isinstance(event, Phase):
            run.log_state(b"state", 4, "4")

    chosen, tracked = decide(store, report)
    assert (chosen.action, chosen.start, tracked.run_id == run.run_id) == ("continue", 4, False)


def test_of_two_that_could_help_each_other_one_trains(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one opens its run just after this one's look."""
    helpers: list[TrackedRun] = []

    def open_another(*how: Any, **tags: Any) -> TrackedRun:
        if not helpers:
            helpers.append(other(store))
            helpers[0].set_tags({REQUEST: "twelve", COMING: "4:4", OPENED: "1"})
        return start(*how, **tags)

    def report(event: Event) -> None:
        if isinstance(event, Phase):
            helpers[0].finish("KILLED", None)

    start = opening._start_run
    monkeypatch.setattr(opening, "_start_run", open_another)
    monkeypatch.setattr(waiting, "POLL_S", 0.02)
    said: list[Event] = []
    chosen, tracked = decide(store, lambda event: [said.append(event), report(event)])
    assert isinstance(said[0], RunAwaited) and said[0].run_id == helpers[0].run_id
    assert chosen == Plan("train")
    assert {run.run_id for run in find_trained(store)} == {helpers[0].run_id, tracked.run_id}


def test_without_reuse_nobody_is_waited_for(store: Store) -> None:
    run = other(store)
    chosen, tracked = decide(store, reuse=False)
    assert (chosen, tracked.run_id == run.run_id) == (Plan("train"), False)


def test_a_run_that_could_not_be_settled_is_not_left_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise OSError("no answer")

    monkeypatch.setattr(opening, "settle", fail)
    with pytest.raises(OSError, match="no answer"):
        decide(store)
    assert list(find_trained(store)) == []
    assert heartbeat._heart._owned == {}


def test_nor_is_one_that_could_not_be_gone_on_with(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> TrackedRun:
        raise OSError("no answer")

    run = other(store)
    run.finish("FAILED", None)
    monkeypatch.setattr(TrackedRun, "resume", fail)
    with pytest.raises(OSError, match="no answer"):
        decide(store)
    assert [each.status for each in find_trained(store)] == ["KILLED"]
    assert heartbeat._heart._owned == {}

"""What answers a job, what it starts from, and what is left alone."""

import os
import time

from hhexp.experiment.plan import Plan, explain_miss, find_lost_answers, make_plan
from hhexp.experiment.stages import Chain
from hhexp.tracking.process import name_process
from hhexp.tracking.query import find_families, find_recent
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import HEARTBEAT, OPENED, PROCESS
from hhexp.tracking.watch import Watch

NINE = Chain({"seed": 0}, tuple("s123456789"), "nine")
"""A run of nine epochs, with a stage of one letter after each."""


def plan(store: Store, chain: Chain = NINE) -> Plan:
    return make_plan(find_families(store, ["s"])["s"], chain, Watch())


def started(store: Store, request: str, by: str = "box 1 1", kind: str = "run") -> TrackedRun:
    tags = {"hhexp.kind": kind, "hhexp.stage.0": "s", "hhexp.request": request, PROCESS: by}
    tags |= {HEARTBEAT: str(time.time())}
    return TrackedRun.start(store, "study", request, None, tags)


def ended(
    store: Store, status: str, request: str = "nine", *, kind: str = "run", state: str = ""
) -> TrackedRun:
    """A run that ended; ``state`` is the stage of the state that it has."""
    run = started(store, request, kind=kind)
    if state:
        run.log_state(b"state", "s123456789abc".index(state), state)
    run.finish(status, None)
    return run


def test_a_finished_run_answers_and_an_interrupted_one_goes_on(store: Store) -> None:
    assert plan(store) == Plan("train")
    broken = ended(store, "KILLED")
    assert plan(store) == Plan("resume", broken.run_id)
    done = ended(store, "FINISHED")
    assert plan(store) == Plan("hit", done.run_id)


def test_a_reproduction_answers_nothing_and_is_not_gone_on_with(store: Store) -> None:
    ended(store, "FINISHED", kind="reproduction", state="9")
    ended(store, "KILLED", kind="reproduction", state="6")
    assert plan(store) == Plan("train")
    done = ended(store, "FINISHED")
    ended(store, "FINISHED", kind="reproduction")
    assert plan(store) == Plan("hit", done.run_id)


def test_a_longer_runs_state_at_the_end_leaves_nothing_to_train(store: Store) -> None:
    longer = started(store, "twelve")
    longer.log_state(b"state", 9, "9", stays=True)
    longer.log_state(b"state", 12, "c")
    longer.finish("FINISHED", None)
    chosen = plan(store)
    assert (chosen.action, chosen.start) == ("continue", 9)


def test_only_states_of_the_same_stages_are_taken(store: Store) -> None:
    ended(store, "FINISHED", "other", state="b")
    assert plan(store) == Plan("train")
    run = started(store, "branch")
    run.log_state(b"state", 4, "4", stays=True)
    run.log_state(b"state", 5, "another 5")
    run.finish("FINISHED", None)
    assert (plan(store).action, plan(store).start) == ("continue", 4)


def test_where_a_state_is_damaged_the_next_older_is_tried_and_the_plan_says_so(
    store: Store,
) -> None:
    for state in "375b":
        ended(store, "FINISHED", "other", state=state)
    chosen = plan(store)
    assert [state.epoch for state in chosen.states] == [7, 5, 3]
    newest = chosen.states[0].run_id[:8]
    chosen = chosen.without_state()
    assert chosen.start == 5
    assert "continue: from the state of run" in str(chosen)
    assert f"; the state of run {newest} after epoch 7 is missing or damaged" in str(chosen)
    nothing = chosen.without_state().without_state()
    assert str(nothing).startswith("train: from scratch; ")


def test_a_run_that_another_process_trains_is_waited_for(store: Store) -> None:
    ended(store, "KILLED")
    here = started(store, "nine", by=name_process(os.getppid()))
    assert (plan(store).action, plan(store).run_id) == ("wait", here.run_id)
    assert str(plan(store)) == (
        f"wait: for run {here.run_id[:8]}, as process {os.getppid()} is training it"
    )
    here.finish("FAILED", None)
    elsewhere = started(store, "nine", by="box 17 99 there token")
    assert plan(store).run_id == elsewhere.run_id
    assert str(plan(store)).endswith("as process 17 on box seems to be training it")
    done = ended(store, "FINISHED")
    assert plan(store) == Plan("hit", done.run_id)


def test_one_that_was_opened_and_left_is_not_gone_on_with(store: Store) -> None:
    opened = started(store, "nine", by=name_process(os.getppid()))
    opened.set_tags({OPENED: "1"})
    assert plan(store).action == "wait"
    opened.set_tags({PROCESS: "box 1 1", HEARTBEAT: "0"})
    assert plan(store) == Plan("train")


def test_the_states_of_a_run_in_training_can_be_continued_from(store: Store) -> None:
    other = started(store, "twelve", by=name_process(os.getppid()))
    other.log_state(b"state", 4, "4")
    assert (plan(store).action, plan(store).start, plan(store).notes) == ("continue", 4, ())


def test_the_nearest_run_is_named_with_what_differs_the_epochs_too(store: Store) -> None:
    def explain(chain: Chain) -> str:
        return explain_miss(find_recent(store, 9), chain)

    assert explain(NINE) == "the store has no run to compare with"
    run = TrackedRun.start(store, "study", "seven", None, {"hhexp.kind": "run"})
    assert explain(NINE) == "the store has no run to compare with"
    run.set_tags({"hhexp.identity": "[" * 4000})
    assert explain(NINE) == "the store has no run to compare with"
    run.set_tags({"hhexp.identity": '{"seed": 0}'})
    run.log_params({"epochs": 7})
    assert explain(NINE) == f"nearest run {run.run_id[:8]} (seven) differs in: epochs 7 → 9"
    seven = Chain({"seed": 0}, NINE.stages[:8], "seven")
    assert explain(seven).endswith("(seven) is RUNNING, and has no state left")


def test_a_finished_run_that_has_lost_artifacts_answers_nothing(store: Store) -> None:
    whole = ended(store, "FINISHED", state="9")
    lost = ended(store, "FINISHED", state="9")
    (family,) = find_families(store, ["s"]).values()
    said = {lost.run_id: "it has lost its model"}
    assert make_plan(family, NINE, Watch(), said) == Plan("hit", whole.run_id)
    chosen = make_plan(family, NINE, Watch(), {**said, whole.run_id: "it too"})
    assert (chosen.action, chosen.start, chosen.run_id) == ("continue", 9, None)
    assert chosen.notes == ("it too", "it has lost its model")


def test_only_a_finished_run_that_would_answer_is_looked_at(store: Store) -> None:
    ended(store, "KILLED")
    ended(store, "FINISHED", "other")
    run = ended(store, "FINISHED")
    families = find_families(store, ["s"]).values()
    (said,) = find_lost_answers(store, families, [NINE]).items()
    assert said[0] == run.run_id
    assert "has lost classes.json, provenance/config.yaml, " in said[1]
    chosen = make_plan(find_families(store, ["s"])["s"], NINE, Watch(), dict([said]))
    assert chosen.action == "resume"

"""A sweep's own run says what answers it."""

from rich.console import Console

from hhexp.experiment import Outcome
from hhexp.launching.sweep import Sweep
from hhexp.tracking.query import find_run, read_answers
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


def test_each_run_that_answers_is_listed_once_however_many_there_are(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "sweep")
    ids = [f"{number:032x}" for number in range(200)]
    outcomes = [Outcome(run_id, run_id, "FINISHED", None, "") for run_id in [*ids, ids[0]]]
    with Sweep(Console(), True, None, store, parent, outcomes):
        pass
    assert read_answers(find_run(store, parent.run_id)) == ids

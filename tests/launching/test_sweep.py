"""A sweep's own run says what answers it."""

import io

from rich.console import Console

from hhexp.experiment import Outcome
from hhexp.launching.sweep import Sweep
from hhexp.tracking.query import answers, find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


def test_each_run_that_answers_is_listed_once_however_many_there_are(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "sweep")
    ids = [f"{number:032x}" for number in range(200)]
    outcomes = [Outcome(run_id, run_id, "FINISHED", None, "") for run_id in [*ids, ids[0]]]
    with Sweep(Console(), True, store, parent, outcomes):
        pass
    assert answers(find_run(store, parent.run_id)) == ids


def test_a_failure_is_said_to_the_letter_whatever_its_brackets() -> None:
    file = io.StringIO()
    key, error = "modules=[my_models]", "RuntimeError: no primitive [/job:localhost/CPU:0]"
    failed = Outcome(key, None, "FAILED", None, error)
    sweep = Sweep(Console(), False, outcomes=[failed], errors=Console(file=file))
    assert sweep.conclude() == 2
    assert file.getvalue() == f"FAILED {key}: {error}\n"

"""A finished run answers a job with all that was asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.display.events import RunEnded
from hhexp.experiment import reuse
from hhexp.experiment.plan import Plan
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.mark.parametrize("label", ["cats", "c++", "\U0001f40e", "x" * 250])
def test_a_reused_run_has_the_objective_of_any_class(label: str, store: Store) -> None:
    run = TrackedRun.start(store, "study", "a run")
    run.log_epoch(1, {f"val/recall/{label}": 0.1, "val/recall/c##": 0.2})
    run.log_epoch(2, {f"val/recall/{label}": 0.6, "val/recall/c##": 0.7})
    config = SimpleNamespace(objective=f"val/recall/{label}")
    job: Any = SimpleNamespace(key="a job", config=config)
    said: list[Any] = []
    reuse(job, store, Plan("hit", run.run_id), said.append)
    assert said == [RunEnded("a job", run.run_id, "FINISHED", "reused a finished run", 0.6)]

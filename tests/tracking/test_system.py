"""What the machine does is logged beside a run's epochs, and never taken for one of them."""

import time

import pytest

from hhexp.tracking import system
from hhexp.tracking.query import find_run, read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> TrackedRun:
    monkeypatch.setattr(system, "EVERY_S", 0.05)
    return TrackedRun.start(store, "study", "run", None, {"hhexp.kind": "run"})


def wait_until_measured(run: TrackedRun) -> dict[str, float]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        metrics: dict[str, float] = run.store.client().get_run(run.run_id).data.metrics
        if any(name.startswith("system/") for name in metrics):
            return metrics
        time.sleep(0.05)
    raise AssertionError("nothing was measured")


def test_cpu_and_memory_are_logged_and_are_no_epochs(run: TrackedRun) -> None:
    run.log_epoch(1, {"val/accuracy": 0.5})
    with system.watch_system(run, wanted=True):
        metrics = wait_until_measured(run)
    assert 0 <= metrics["system/cpu_utilization_percentage"] <= 100
    assert 0 < metrics["system/system_memory_usage_percentage"] <= 100
    assert read_histories(run.store, run.run_id) == {"val/accuracy": [0.5]}
    assert find_run(run.store, run.run_id).metrics == ("val/accuracy",)


def test_it_is_off_unless_wanted(run: TrackedRun) -> None:
    with system.watch_system(run, wanted=False):
        time.sleep(0.2)
    assert run.store.client().get_run(run.run_id).data.metrics == {}

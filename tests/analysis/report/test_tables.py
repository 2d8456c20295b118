"""The tables of a report: which numbers stand in which line."""

from hhexp.analysis.report.tables import build_test_table
from hhexp.analysis.selection import select
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


def log(store: Store, tested: dict[str, float]) -> str:
    run = TrackedRun.start(store, "study", "seed=0", None, {"hhexp.kind": "run"})
    run.log_params({"seed": 0})
    run.log_epoch(1, {"val/accuracy": 0.5, **tested})
    run.finish("FINISHED", None)
    return run.run_id


def test_the_test_images_are_judged_at_the_last_epoch_and_at_the_best(store: Store) -> None:
    values = {"test/accuracy": 0.6, "test/best/accuracy": 0.7, "test/best/recall/a": 0.9}
    table = build_test_table(select(store, log(store, {**values, "test/recall/a": 0.8})))
    assert table is not None
    found = {line.label: [each.interval.mean for each in line.numbers] for line in table.lines}
    assert found == {"last epoch": [0.6, 0.8], "best epoch": [0.7, 0.9]}


def test_runs_without_a_best_epochs_model_have_the_last_alone(store: Store) -> None:
    table = build_test_table(select(store, log(store, {"test/accuracy": 0.6})))
    assert table is not None
    assert [line.label for line in table.lines] == ["last epoch"]


def test_runs_without_test_images_have_no_such_table(store: Store) -> None:
    assert build_test_table(select(store, log(store, {}))) is None

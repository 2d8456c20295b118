"""The learning curves of cells, as metrics of a sweep's own run."""

import math
from collections.abc import Sequence

import pytest

from hhexp.analysis import cell_curves
from hhexp.analysis.cell_curves import make_curves
from hhexp.analysis.overview import show_sweep
from hhexp.analysis.selection import select_runs
from hhexp.tracking.query import find_run, read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES


def log_runs(
    store: Store, cell: str, curves: Sequence[Sequence[float]], metric: str = "val/accuracy"
) -> list[str]:
    """A finished run for each of a cell's curves."""
    run_ids = []
    for seed, curve in enumerate(curves):
        words = f"{cell} seed={seed}"
        run = TrackedRun.start(store, "study", words, None, {KIND: "run", OVERRIDES: words})
        run.log_params({"objective": metric, **dict(word.split("=") for word in words.split())})
        for epoch, value in enumerate(curve, start=1):
            run.log_epoch(epoch, {metric: value, "time/epoch_s": 1.0})
        run.finish("FINISHED", None)
        run_ids.append(run.run_id)
    return run_ids


def curves(store: Store, run_ids: Sequence[str]) -> dict[str, dict[int, float]]:
    return make_curves(select_runs(store, run_ids, cell_curves.DRAWN))


def test_a_cell_has_its_mean_and_the_ends_of_its_interval(store: Store) -> None:
    ids = [*log_runs(store, "aug=none", [[0.5, 0.7], [0.6, 0.9]])]
    ids += log_runs(store, "aug=full", [[0.5, 0.6], [0.5, 0.6]])
    found = curves(store, ids)
    mean = found["accuracy/aug=none mean of 2 seeds"]
    assert mean == pytest.approx({1: 0.55, 2: 0.8})
    # t(0.975; 1) · s / √2 with s = 0.1 / √2
    half = 12.7062 * 0.1 / 2
    assert found["accuracy/aug=none lower of 2 seeds"][1] == pytest.approx(0.55 - half, abs=1e-4)
    assert found["accuracy/aug=none upper of 2 seeds"][1] == pytest.approx(0.55 + half, abs=1e-4)
    assert found["accuracy/aug=full upper of 2 seeds"] == pytest.approx({1: 0.5, 2: 0.6})
    assert len(found) == 6  # and nothing of the seconds


def test_one_seed_has_no_band(store: Store) -> None:
    assert curves(store, log_runs(store, "aug=none", [[0.5, 0.7]])) == {
        "accuracy/all runs mean of 1 seed": {1: 0.5, 2: 0.7}
    }


def test_the_objective_has_curves_too(store: Store) -> None:
    ids = log_runs(store, "aug=none", [[0.4]], "val/recall/suns")
    assert [*curves(store, ids)] == ["recall/suns/all runs mean of 1 seed"]


def test_a_curve_has_the_epochs_that_all_its_seeds_have_as_numbers(store: Store) -> None:
    ids = log_runs(store, "lr=big", [[1.0, 2.0, 3.0], [2.0, math.nan]], "train/loss")
    assert curves(store, ids)["loss in training/all runs mean of 2 seeds"] == {1: 1.5}


def test_of_long_curves_every_so_many_epochs_are_logged(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_curves, "MOST", 9)
    found = curves(store, log_runs(store, "aug=none", [[0.1, 0.2, 0.3, 0.4, 0.5]]))
    assert found == {"accuracy/all runs mean of 1 seed": {2: 0.2, 4: 0.4, 5: 0.5}}


def test_too_many_cells_have_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_curves, "MANY_CELLS", 1)
    ids = [run_id for aug in ("none", "full") for run_id in log_runs(store, f"aug={aug}", [[0.5]])]
    assert curves(store, ids) == {}


def test_a_sweeps_run_has_each_curve_once(store: Store) -> None:
    ids = log_runs(store, "aug=none", [[0.5, 0.7], [0.6, 0.9]])
    parent = TrackedRun.start(store, "study", "aug=none", None, {KIND: "sweep"})
    for _ in range(2):
        show_sweep(store, parent.run_id, ids)
    assert find_run(store, parent.run_id).metrics == (
        "accuracy/all runs lower of 2 seeds",
        "accuracy/all runs mean of 2 seeds",
        "accuracy/all runs upper of 2 seeds",
    )
    client = store.client()
    logged = client.get_metric_history(parent.run_id, "accuracy/all runs mean of 2 seeds")
    assert [(each.step, each.value) for each in logged] == [(1, 0.55), (2, 0.8)]
    show_sweep(store, parent.run_id, [*ids, *log_runs(store, "aug=none", [[0.9, 0.9]])[:1]])
    assert read_histories(store, parent.run_id)["accuracy/all runs mean of 2 seeds"] == [0.55, 0.8]

"""Runs that differ in their fold alone: a seed's number is their mean."""

import math
from pathlib import Path

import pytest
from scipy import stats

from hhexp.analysis import compare, runs
from hhexp.analysis.folds import fold_interval
from hhexp.analysis.predictions import read_predictions
from hhexp.analysis.report.content import gather
from hhexp.analysis.report.files import build
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select
from hhexp.analysis.study import Study
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

ACCURACY = {"none": (0.5, 0.6, 0.7), "full": (0.6, 0.8, 0.7)}
"""By fold, of seed 0; seed 1 has 0.1 more."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store.resolve(f"sqlite:///{tmp_path_factory.mktemp('folds')}/mlflow.db")
    store.prepare()
    return store


@pytest.fixture(scope="module")
def sweep_id(store: Store) -> str:
    """Two cells, two seeds and three folds; one fold of the last seed failed."""
    words = "data.name='my pictures' aug=none,full model.filters=[4,8] seed=range(0,2)"
    sweep = TrackedRun.start(store, "folds", words, None, {"hhexp.kind": "sweep"})
    for aug, accuracies in ACCURACY.items():
        for seed in (0, 1):
            for fold, accuracy in enumerate(accuracies):
                status = "FAILED" if (aug, seed, fold) == ("full", 1, 2) else "FINISHED"
                log_run(store, sweep.run_id, aug, seed, fold, accuracy + seed / 10, status)
    sweep.finish("FINISHED", None)
    return sweep.run_id


def log_run(
    store: Store, sweep_id: str, aug: str, seed: int, fold: int, accuracy: float, status: str
) -> None:
    overrides = f"aug={aug} data.folds=3 data.fold={fold} seed={seed}"
    tags = {"hhexp.kind": "run", "hhexp.overrides": overrides}
    run = TrackedRun.start(store, "folds", overrides, sweep_id, tags)
    run.log_params({"aug": aug, "seed": seed, "data.folds": 3, "data.fold": fold})
    train = {"train/accuracy": 0.9, "train/loss": 0.5}
    run.log_epoch(1, {**train, "val/accuracy": 0.1, "val/loss": 2.0})
    run.log_epoch(2, {**train, "val/accuracy": accuracy, "val/loss": 1.0, "test/accuracy": 0.75})
    lines = [f"validation/cats/{fold}.jpg,cats,{'cats' if fold else 'dogs'},1.0,0.0"]
    run.log_text(
        "\n".join(["path,true,predicted,p/cats,p/dogs", *lines]), "predictions/validation.csv"
    )
    run.finish(status, None)


@pytest.fixture(scope="module")
def found(store: Store, sweep_id: str) -> Results:
    return select(store, sweep_id)


def test_folds_make_no_cells(found: Results) -> None:
    assert found.cells == [{"aug": "none"}, {"aug": "full"}]
    study = Study(
        name="s", title="T", question="Q", grid="aug=none,full data.fold=0,1,2",
        fixed="data.folds=3", seeds=[0],
    )  # fmt: skip
    assert study.cells == found.cells
    assert "data.fold=0,1,2" in study.command


def test_a_seeds_number_is_the_mean_over_its_folds(found: Results) -> None:
    measured = found.measure_cell({"aug": "none"}, "val/accuracy", "last")
    assert measured == pytest.approx({0: 0.6, 1: 0.7})
    folds = found.measure_folds({"aug": "none"}, "val/accuracy", "last")
    assert folds == pytest.approx({0: 0.55, 1: 0.65, 2: 0.75})


def test_a_seed_that_lacks_a_fold_does_not_count(found: Results) -> None:
    assert list(found.of({"aug": "full"})) == [0]
    assert found.measure_folds({"aug": "full"}, "val/accuracy", "last") == pytest.approx(
        {0: 0.6, 1: 0.8, 2: 0.7}
    )
    assert any("aug=full seed=1: no finished run of fold 2" in n for n in gather(found).notes)


def test_a_single_fold_stands_for_itself(store: Store, sweep_id: str) -> None:
    (first, *_) = runs(sweep_id, store.uri)["run_id"]
    alone = select(store, first)
    assert alone.measure_cell(alone.cells[0], "val/accuracy", "last") == {0: 0.5}
    assert not alone.measure_folds(alone.cells[0], "val/accuracy", "last")


def test_a_diverged_fold_takes_its_seed_out(found: Results) -> None:
    (result, *_) = found.of({"aug": "none"}).values()
    assert math.isnan(found.measure(result, "val/nothing", "last"))


def test_the_interval_over_folds_is_wider_by_what_they_share() -> None:
    values = (0.6, 0.8, 0.7, 0.65, 0.75)
    deviation, quantile = stats.tstd(values), stats.t.ppf(0.975, 4)
    interval = fold_interval(values, 5)
    assert interval.half == pytest.approx(quantile * deviation * math.sqrt(1 / 5 + 1 / 4))
    of_two = fold_interval(values[:2], 10)
    assert of_two.half == pytest.approx(
        stats.t.ppf(0.975, 1) * stats.tstd(values[:2]) * math.sqrt(1 / 2 + 1 / 9)
    )
    assert math.isnan(fold_interval(values[:1], 5).half)


def test_cells_are_compared_fold_by_fold(store: Store, sweep_id: str) -> None:
    interval = compare(sweep_id, {"aug": "full"}, {"aug": "none"}, tracking_uri=store.uri)
    differences = (0.05, 0.15, -0.05)
    assert interval.mean == pytest.approx(0.05)
    assert interval.half == pytest.approx(fold_interval(differences, 3).half)


def test_each_image_has_the_answer_of_the_model_that_did_not_see_it(found: Results) -> None:
    predictions = read_predictions(found)
    assert predictions is not None
    assert predictions.paths == tuple(f"validation/cats/{fold}.jpg" for fold in (0, 1, 2))
    assert [each.right.tolist() for each in predictions.runs] == [[False, True, True]] * 3


def test_the_report_tells_folds_from_seeds(found: Results, tmp_path: Path) -> None:
    build(gather(found), tmp_path)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert text.startswith("# aug=none,full seed=range(0,2)\n")
    for said in (
        "n = 2 × 3 folds", "n = 1 × 3 folds", "corrected for that (Nadeau and Bengio, 2003)",
        "| aug=full − aug=none | 3 | +5.0 ± ",
        "| [aug=none](#cell-1), n = 2 × 3 folds | last epoch | 75.0 ± 0.0 |",
    ):  # fmt: skip
        assert said in text, said
    rows = (tmp_path / "tables" / "training.csv").read_text("utf-8")
    assert rows.startswith("cell,metric,statistic,mean,low,high,deviation,seeds,folds,")

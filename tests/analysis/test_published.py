"""A study's published runs are read as results, without a store."""

from pathlib import Path

from hhexp.analysis.claims import judge_claims
from hhexp.analysis.frame import tabulate_curves, tabulate_runs
from hhexp.analysis.published import read_published

STUDY = Path(__file__).parents[2] / "experiments/learning_rate"


def test_published_runs_have_cells_seeds_and_the_metrics_of_every_epoch() -> None:
    results = read_published(STUDY)
    table = tabulate_runs(results)
    assert len(table) == len(list((STUDY / "runs").glob("*.yaml")))
    assert set(table.cell) == {"lr=too_small", "lr=constant", "lr=too_large"}
    assert set(table.epochs_done) == {15}
    curves = tabulate_curves(results)
    assert {"train/loss", "val/accuracy"} <= set(curves.metric)
    assert curves.epoch.min() == 1


def test_claims_are_judged_as_those_of_a_store() -> None:
    slowly = judge_claims(read_published(STUDY))[0]
    assert slowly.claim.name == "too_small_learns_slowly"
    assert slowly.statements[0].effect.mean < -0.1


def test_a_run_of_no_cell_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        "title: Steps\nquestion: Why?\ngrid: lr=step,constant\nseeds: [0, 1]\nclaims: []\n"
    )
    (tmp_path / "runs").symlink_to(STUDY / "runs")
    results = read_published(tmp_path)
    assert {result.label for result in results.all} == {"lr=constant"}

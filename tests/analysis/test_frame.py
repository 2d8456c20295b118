"""What a notebook sees of the runs."""

import pytest

from hhexp.analysis import claims, compare, curves, runs
from hhexp.analysis.selection import select
from hhexp.errors import UserError
from hhexp.tracking.run import TrackedRun


def test_runs_of_a_sweep_are_one_row_each(synthetic) -> None:
    frame = runs(synthetic.sweep_id[:12], synthetic.store.uri)
    assert len(frame) == 28
    assert list(frame["cell"].unique()) == [
        "aug=none epochs=4", "aug=none epochs=8", "aug=full epochs=4", "aug=full epochs=8",
    ]  # fmt: skip
    row = frame[(frame["aug"] == "full") & (frame["epochs"] == "4") & (frame["seed"] == 0)].iloc[0]
    assert row["run_id"] == synthetic.run_ids["full", 4, 0]
    assert row["last val/accuracy"] == pytest.approx(0.824)
    assert row["best val/accuracy"] == pytest.approx(0.824)
    assert (row["best_epoch"], row["epochs_done"]) == (2, 4)
    assert row["epoch_s"] == 13.0
    assert row["total_s"] == 52.0
    assert row["model.dense_units"] == "512"


def test_curves_are_tidy_and_long(synthetic) -> None:
    frame = curves(str(synthetic.study), synthetic.store.uri)
    one = frame[(frame["run_id"] == synthetic.run_ids["none", 8, 3]) & (frame["metric"] == "lr")]
    assert one.empty
    one = frame[
        (frame["run_id"] == synthetic.run_ids["none", 8, 3]) & (frame["metric"] == "val/loss")
    ]
    assert list(one["epoch"]) == list(range(1, 9))
    assert set(one["seed"]) == {3}
    assert not frame["value"].isna().any()


def test_compare_pairs_by_seed(synthetic) -> None:
    interval = compare(
        synthetic.sweep_id,
        {"aug": "full", "epochs": 4},
        {"aug": "none", "epochs": 4},
        "val/loss",
        tracking_uri=synthetic.store.uri,
    )
    assert interval.count == 7
    assert interval.mean == pytest.approx(-1 + 0.002 / 7)
    assert interval.half < 0.01


@pytest.mark.parametrize(
    ("first", "metric", "statistic", "message"),
    [
        ({"aug": "full"}, "val/loss", "last", "aug=full matches 2 cells: choose one of"),
        ({"aug": "ful", "epochs": 4}, "val/loss", "last", "aug=ful epochs=4 matches no cell"),
        ({"aug": "full", "epochs": 4}, "val/los", "last", "no val/los; nearest: val/loss"),
        ({"aug": "full", "epochs": 4}, "val/loss", "lst", "no lst; nearest: last"),
    ],
)  # fmt: skip
def test_compare_takes_two_cells_that_are_named_rightly(
    synthetic, first: dict[str, object], metric: str, statistic: str, message: str
) -> None:
    second = {"aug": "none", "epochs": 4}
    with pytest.raises(UserError, match=message):
        compare(synthetic.sweep_id, first, second, metric, statistic, synthetic.store.uri)


def test_claims_have_the_verdicts_that_the_numbers_were_made_for(synthetic) -> None:
    for selection, study in (
        (str(synthetic.study), None),
        (synthetic.sweep_id, str(synthetic.study)),
        ("params.data.name = 'folder'".replace("data.name", "`data.name`"), str(synthetic.study)),
    ):
        frame = claims(selection, study, synthetic.store.uri).set_index("claim")
        assert dict(frame["verdict"]) == {
            "lower_loss": "supported",
            "higher_accuracy": "refuted",
            "higher_train_loss": "undecided",
        }
        assert frame.loc["higher_train_loss", "seeds_needed"] > 7
        assert frame.loc["lower_loss", "effect"] == pytest.approx(-1 + 0.002 / 7)


def test_claims_need_a_study(synthetic) -> None:
    with pytest.raises(UserError, match="is not a study"):
        claims(synthetic.sweep_id, None, synthetic.store.uri)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("no_such_thing", "is not a study"),
        ("params.aug = ", "filter 'params.aug = '"),
        ("params.aug = 'zoom'", "no finished run"),
        ("0000000000", "no run in"),
    ],
)
def test_a_selection_that_finds_nothing_says_so(synthetic, selection: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        runs(selection, synthetic.store.uri)


def test_a_study_whose_runs_are_of_another_setting_says_which(synthetic, tmp_path) -> None:
    file = tmp_path / "study.yaml"
    text = (synthetic.study / "study.yaml").read_text()
    file.write_text(text + "fixed: batch_size=7\n")
    with pytest.raises(
        UserError, match=r"28 runs match its grid but not its fixed settings batch_size=7"
    ):
        runs(str(file), synthetic.store.uri)


def test_a_study_of_another_grid_is_named(synthetic, tmp_path) -> None:
    file = tmp_path / "rates.yaml"
    file.write_text("title: T\nquestion: Q\ngrid: lr=cosine,step\nseeds: [0]\n")
    with pytest.raises(UserError, match=r"no run of '\w+' is in the grid of rates, lr="):
        claims(synthetic.sweep_id, str(file), synthetic.store.uri)


def test_of_two_runs_of_a_cell_and_seed_the_newest_counts(synthetic) -> None:
    store = synthetic.store
    for value, size in ((0.5, 32), (0.6, 64)):
        tags = {"hhexp.kind": "run", "hhexp.overrides": "aug=flip seed=1"}
        run = TrackedRun.start(store, "twice", "run", None, tags)
        run.log_params({"aug": "flip", "seed": 1, "data.image_size": size})
        run.log_epoch(1, {"val/accuracy": value})
        run.finish("FINISHED", None)
    tags = {"hhexp.kind": "run", "hhexp.overrides": "aug=flip seed=2"}
    failed = TrackedRun.start(store, "twice", "run", None, tags)
    failed.log_params({"aug": "flip", "seed": 2})
    failed.finish("FAILED", None)
    results = select(store, "params.aug = 'flip'")
    assert results.measure_cell({}, "val/accuracy", "last") == {1: 0.6}
    assert [result.run.status for result in results.all] == ["FINISHED", "FINISHED", "FAILED"]
    assert "they differ in data.image_size" in results.notes[0]


def test_runs_that_are_not_hhexps_own_are_no_results(synthetic) -> None:
    foreign = TrackedRun.start(synthetic.store, "foreign", "someone's")
    foreign.finish("FINISHED", None)
    with pytest.raises(UserError, match="no finished run"):
        runs('attributes.run_name = "someone\'s"', synthetic.store.uri)


def test_a_reproduction_does_not_stand_for_the_run(synthetic) -> None:
    for kind, value in (("run", 0.5), ("reproduction", 0.6)):
        tags = {"hhexp.kind": kind, "hhexp.overrides": "aug=shear seed=0"}
        run = TrackedRun.start(synthetic.store, "reproduced", "run", None, tags)
        run.log_params({"aug": "shear", "seed": 0})
        run.log_epoch(1, {"val/accuracy": value})
        run.finish("FINISHED", None)
    results = select(synthetic.store, "params.aug = 'shear'")
    assert results.measure_cell({}, "val/accuracy", "last") == {0: 0.5}
    assert results.notes == []

"""The view of a sweep's runs in MLflow's UI: accuracy and loss first, a line a cell."""

import base64
import json
import zlib
from dataclasses import replace

import pytest

from hhexp.analysis import charts_view
from hhexp.analysis.charts_view import choose_groups, find_hue, make_view, make_view_of_all
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select
from hhexp.tracking import views
from hhexp.tracking.query import StoredRun, find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND
from hhexp.tracking.views import (
    PREFIX,
    locate_all,
    locate_comparison,
    save_view,
    save_view_of_all,
)


@pytest.fixture(scope="module")
def results(synthetic) -> Results:
    return select(synthetic.store, synthetic.sweep_id)


@pytest.fixture(scope="module")
def sweep(synthetic) -> StoredRun:
    return find_run(synthetic.store, synthetic.sweep_id)


def test_accuracy_and_loss_are_the_first_charts(results: Results, sweep: StoredRun) -> None:
    view = make_view(results, sweep)
    shown = [(chart["metricSectionId"], chart["metricKey"]) for chart in view["compareRunCharts"]]
    assert shown[:2] == [("val", "val/accuracy"), ("val", "val/loss")]
    assert [section["name"] for section in view["compareRunSections"]] == ["val", "train"]
    assert view["isAccordionReordered"]  # else MLflow sorts them by name


def test_the_runs_are_grouped_by_what_tells_the_cells_apart(
    results: Results, sweep: StoredRun
) -> None:
    view = make_view(results, sweep)
    keys = [key["groupByData"] for key in view["groupBy"]["groupByKeys"]]
    assert keys[:2] == ["aug", "epochs"]
    assert view["selectedColumns"][:3] == ["params.`aug`", "params.`epochs`", "params.`seed`"]
    assert "metrics.`best/val/accuracy`" in view["selectedColumns"]


def test_it_shows_the_sweeps_runs_and_of_many_those_trained_for_it(
    results: Results, sweep: StoredRun, synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = make_view(results, sweep)["searchFilter"]
    assert asked.count(",") == 27 and synthetic.run_ids["full", 8, 6] in asked
    monkeypatch.setattr(charts_view, "NAMED", 27)
    parent = f"tags.`mlflow.parentRunId` = '{sweep.run_id}'"
    assert make_view(results, sweep)["searchFilter"] == parent


def test_the_view_of_all_runs_has_columns_and_folds_none_into_a_sweep(results: Results) -> None:
    view = make_view_of_all(results)
    assert (view["searchFilter"], view["orderByKey"]) == ("", "metrics.`val/accuracy`")
    assert "metrics.`val/accuracy`" in view["selectedColumns"] and "groupBy" not in view


def test_runs_of_one_seed_are_not_grouped(results: Results, sweep: StoredRun) -> None:
    lone = [result for result in results.all if result.seed == 0]
    assert make_view(replace(results, all=lone), sweep)["groupBy"] is None


def test_runs_of_one_cell_are_not_grouped(results: Results, sweep: StoredRun) -> None:
    one = replace(results.all[0], cell={})
    assert make_view(replace(results, cells=[{}], all=[one]), sweep)["groupBy"] is None


def test_cells_have_colours_of_their_own(results: Results) -> None:
    # MLflow 3.17 draws both of these in #137dae
    assert find_hue({"aug": "none"}) == find_hue({"aug": "full"}) == "b"
    cells = [{"aug": "none"}, {"aug": "full"}]
    groups = choose_groups(cells, replace(results, all=results.all[:1]))
    assert groups[0] == "aug" and len(groups) == 2
    first = results.all[0].run.params
    hues = {find_hue({name: {**first, **cell}[name] for name in groups}) for cell in cells}
    assert len(hues) == 2


def test_a_view_is_saved_as_mlflow_reads_it(store: Store) -> None:
    run = TrackedRun.start(store, "study", "aug=none,full " + 90 * "x", None, {KIND: "sweep"})
    found = find_run(store, run.run_id)
    assert "searchFilter" in locate_comparison(store, found)
    assert "viewStateShareKey" not in locate_all(store, found.experiment_id)
    save_view(store, found, {"searchFilter": "x"})
    save_view_of_all(store, found.experiment_id, {})
    assert locate_all(store, found.experiment_id).endswith("viewStateShareKey=hhexp-all")
    assert locate_comparison(store, found).endswith(f"viewStateShareKey=hhexp-{run.run_id}")
    tags = store.client().get_experiment(found.experiment_id).tags
    saved = json.loads(tags[f"{PREFIX}hhexp-{run.run_id}"])
    assert len(saved["name"]) == views.NAME_LENGTH and saved["createdAt"] > 1e12
    mark, _, packed = saved["state"].partition(";")
    assert mark == "deflate"
    assert json.loads(zlib.decompress(base64.b64decode(packed))) == {"searchFilter": "x"}


def test_only_the_last_views_are_kept_and_those_of_people(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "KEPT", 2)
    runs = [TrackedRun.start(store, "study", f"{number}") for number in range(4)]
    found = [find_run(store, run.run_id) for run in runs]
    store.client().set_experiment_tag(found[0].experiment_id, f"{PREFIX}mine", "{}")
    for run in found:
        save_view(store, run, {})
        save_view_of_all(store, run.experiment_id, {})
    tags = store.client().get_experiment(found[0].experiment_id).tags
    kept = {tag.removeprefix(PREFIX) for tag in tags if tag.startswith(PREFIX)}
    assert kept == {"mine", "hhexp-all", *(f"hhexp-{run.run_id}" for run in found[2:])}

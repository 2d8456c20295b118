"""What MLflow's UI says of a sweep: the answer, its numbers, and links."""

from pathlib import Path

import pytest

from hhexp.analysis import description
from hhexp.analysis.claims import judge_claims
from hhexp.analysis.description import write_description, write_headline, write_summary
from hhexp.analysis.overview import show_sweep
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select, select_runs
from hhexp.report import main
from hhexp.tracking.notes import LENGTH, NOTE, SIGNED, describe_experiment, describe_run
from hhexp.tracking.query import StoredRun, find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.fixture(scope="module")
def results(synthetic) -> Results:
    return select(synthetic.store, synthetic.sweep_id)


@pytest.fixture(scope="module")
def sweep(synthetic) -> StoredRun:
    return find_run(synthetic.store, synthetic.sweep_id)


def test_the_headline_has_each_cells_accuracy_with_its_interval(results: Results) -> None:
    said = write_headline(results)
    assert said.startswith("Validation accuracy after the last epoch: aug=none epochs=4 **90.1 ± ")
    assert "aug=full epochs=8 **80.2 ± 1.4 %**" in said


def test_of_many_cells_it_names_the_best(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "NAMED", 1)
    said = write_headline(results)
    assert ", the best of 4 cells: aug=none" in said and "aug=full" not in said


def test_the_verdicts_are_the_headline_where_there_are_any(synthetic, sweep: StoredRun) -> None:
    judged = select(synthetic.store, synthetic.sweep_id, str(synthetic.study))
    text = write_description(judged, sweep, judge_claims(judged))
    links, question, headline, *_ = text.split("\n\n")
    assert question == "**Does &lt;augmentation> help?**"
    assert headline.startswith("Augmentation lowers validation loss. **supported**; ")
    assert links.startswith("[learning curves of the cells](#/experiments/")
    assert "| Augmentation raises validation accuracy. | refuted |" in text


def test_every_seed_in_the_table_leads_to_its_run(
    results: Results, sweep: StoredRun, synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description, "LENGTH", 20_000)
    text = write_description(results, sweep, remarks=["Only synthetic."])
    runs = f"#/experiments/{sweep.experiment_id}/runs"
    first = synthetic.run_ids["none", 4, 0]
    assert f"| aug=none epochs=4 | [0]({runs}/{first}?workflowType=machine_learning), [1](" in text
    assert text.endswith("|\n\nOnly synthetic.")
    assert f"[all runs side by side]({runs}?" in text
    assert "report: `python -m hhexp.report" in text
    assert f"[report]({runs}/{sweep.run_id}/artifacts/report.html?" in write_description(
        results, sweep, has_report=True
    )


def test_a_description_is_no_longer_than_a_tag(
    results: Results, sweep: StoredRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description, "LENGTH", 2_000)
    text = write_description(results, sweep)
    assert "| aug=none epochs=4 | 7 | 90.1 ± 1.3 |" in text  # 28 links would be too long
    assert "| aug=full epochs=8 | 7 |" in text and len(text) <= 2_000
    monkeypatch.setattr(description, "LENGTH", len(text) - 1)
    shorter = write_description(results, sweep)
    assert "| aug=none epochs=4 | 7 |" in shorter and "| aug=full epochs=8 |" not in shorter
    assert "The others are in [summary.md](" in shorter and len(shorter) < len(text)


def test_the_experiments_first_line_is_the_answer(results: Results, sweep: StoredRun) -> None:
    text = write_summary(results, sweep)
    assert text.startswith("Last sweep: Validation accuracy after the last epoch: aug=none")
    assert f"/runs/{sweep.run_id}?workflowType=machine_learning)" in text
    assert len(text) <= LENGTH


def test_a_sweep_and_its_experiment_are_described(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "aug=none,full", None, {"hhexp.kind": "sweep"})
    words = {"hhexp.kind": "run", "hhexp.overrides": "aug=none"}
    run = TrackedRun.start(store, "study", "aug=none", parent.run_id, words)
    run.log_params({"aug": "none", "seed": 0})
    run.log_epoch(1, {"val/accuracy": 0.75, "train/accuracy": 0.9})
    run.finish("FINISHED", None)
    show_sweep(store, parent.run_id, [run.run_id])
    sweep = find_run(store, parent.run_id)
    assert "all runs **75.0 %**" in sweep.tags[NOTE]
    experiment = store.client().get_experiment(sweep.experiment_id)
    assert experiment.tags[NOTE].startswith("Last sweep: ")


def test_what_a_person_has_written_stays(store: Store) -> None:
    run = TrackedRun.start(store, "study", "a")
    described = find_run(store, run.run_id)
    for text in ("First.", "Second.", "x" * 9000):
        describe_run(store, find_run(store, run.run_id), text)
        describe_experiment(store, described.experiment_id, text)
        assert find_run(store, run.run_id).tags[NOTE].startswith(text[:6])
        assert find_run(store, run.run_id).tags[NOTE].endswith(SIGNED)
    run.set_tags({NOTE: "Mine."})
    store.client().set_experiment_tag(described.experiment_id, NOTE, "Ours.")
    describe_run(store, find_run(store, run.run_id), "Third.")
    describe_experiment(store, described.experiment_id, "Third.")
    assert find_run(store, run.run_id).tags[NOTE] == "Mine."
    experiment = store.client().get_experiment(described.experiment_id)
    assert experiment.tags[NOTE] == "Ours."


def test_runs_read_by_id_have_their_objective_too(store: Store) -> None:
    run = TrackedRun.start(store, "study", "a", None, {"hhexp.kind": "run"})
    run.log_params({"objective": "val/f1"})
    run.log_epoch(1, {"val/f1": 0.5, "val/loss": 1.0, "val/brier": 0.2})
    (result,) = select_runs(store, [run.run_id], ["val/loss"]).all
    assert sorted(result.history) == ["val/f1", "val/loss"]


def test_the_report_of_a_sweep_adds_its_verdicts_and_itself(synthetic, tmp_path: Path) -> None:
    words = [synthetic.sweep_id, "--study", str(synthetic.study), "--output", str(tmp_path)]
    assert main([*words, "--tracking-uri", synthetic.store.uri]) == 0
    tags = find_run(synthetic.store, synthetic.sweep_id).tags
    assert tags["hhexp.verdict.on.study.lower_loss"] == "supported"
    assert tags["hhexp.verdict.on.study.higher_accuracy"] == "refuted"
    assert tags["hhexp.verdict.on.study.higher_train_loss"].startswith("undecided: ")
    assert "[report](" in tags[NOTE] and "| undecided: " in tags[NOTE]

"""Stores of many runs, made of a few."""

import json
from pathlib import Path

import pytest

from benchmarks.copies import RATES, SEEDS, multiply
from benchmarks.stores import Cost, print_table, time_process
from hhexp.analysis.selection import select
from hhexp.tracking.answers import read_answers
from hhexp.tracking.query import find_finished, find_run, read_histories
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import IDENTITY, KIND, OVERRIDES


def test_copies_are_runs_of_other_seeds_and_rates_in_sweeps_of_their_own(
    store: Store, tmp_path: Path
) -> None:
    sweep = TrackedRun.start(store, "study", "sweep", None, {KIND: "sweep"})
    words = f"lr.value={RATES[0]} seed=0"
    tags = {KIND: "run", OVERRIDES: words, IDENTITY: json.dumps({"seed": 0, "lr.value": RATES[0]})}
    run = TrackedRun.start(store, "study", words, sweep.run_id, tags)
    run.log_params({"seed": 0, "lr.value": RATES[0]})
    run.log_epoch(1, {"val/accuracy": 0.9})
    run.finish("FINISHED", None)
    sweep.finish("FINISHED", None)
    made = tmp_path / "made.db"
    multiply(store.database, made, [find_run(store, run.run_id)], sweep.run_id, 12 * SEEDS)

    many = Store(f"sqlite:///{made}")
    runs = find_finished(many, "run")
    assert len({(each.params["seed"], each.params["lr.value"]) for each in runs}) == 12 * SEEDS
    assert read_histories(many, run.run_id) == {"val/accuracy": [0.9]}
    assert 0 < read_histories(many, runs[-1].run_id)["val/accuracy"][0] <= 1
    assert len(find_finished(many, "sweep")) == 12
    for each in find_finished(many, "sweep"):
        assert len(read_answers(each)) == SEEDS
        assert len(select(many, each.run_id).all) == SEEDS


def test_a_process_is_timed_and_stopped_when_it_takes_too_long(tmp_path: Path) -> None:
    cost = time_process(["this"], tmp_path, 60)
    assert cost.ended and cost.wall_s > 0 and cost.peak_mb > 0
    (tmp_path / "endless.py").write_text("while True: pass")
    assert not time_process(["endless"], tmp_path, 0.1).ended


def test_the_table_has_a_row_for_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {"`report`": Cost(1.25, 0.5, 99.6, True)}
    print_table({100: costs, 1000: {"`report`": Cost(160.2, 150, 300, False)}})
    lines = capsys.readouterr().out.splitlines()
    assert "| runs in the store | 100 | 1,000 |" in lines
    assert "| `report` | 1.2 / 0.5 / 100 | no end in 160 |" in lines

"""Which runs a study takes from those that it is given."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from hhexp.analysis.placement import _place_in_grid, find_unchanged_answers
from hhexp.analysis.registration import Registration, compute_sha256, write_registered
from hhexp.analysis.selection import select
from hhexp.analysis.study import Study


def test_a_run_that_has_answered_a_study_counts_whatever_its_words_were() -> None:
    def record(run_id: str) -> Any:
        return SimpleNamespace(run_id=run_id, params={"aug": "none", "runtime.isa": "native"})

    placed = _place_in_grid(
        [{"aug": "none"}], {"runtime.isa": "avx2"}, [record("one"), record("other")], ["one"]
    )
    assert [(run.run_id, cell) for run, cell in placed] == [("one", {"aug": "none"})]


def test_what_answered_a_study_before_it_was_changed_is_no_answer_to_it() -> None:
    def study(fixed: str) -> Study:
        return Study(name="s", title="T", question="Q", grid="aug=none", fixed=fixed, seeds=[0])

    sha256 = compute_sha256(write_registered(study("epochs=2")))
    known = [Registration("id", datetime(2026, 1, 1, tzinfo=UTC), sha256, ["one"])]
    assert find_unchanged_answers(study("epochs=2"), known) == ["one"]
    assert find_unchanged_answers(study("epochs=3"), known) == []
    assert find_unchanged_answers(study("epochs=2"), []) == []


def test_a_study_leaves_out_seeds_that_it_does_not_plan(synthetic: Any, tmp_path: Path) -> None:
    text = yaml.safe_load((synthetic.study / "study.yaml").read_text())
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump({**text, "seeds": [0, 1, 2, 3, 4]}))
    found = select(synthetic.store, str(study))
    assert {result.seed for result in found.all} == {0, 1, 2, 3, 4}
    note = "The store also has runs of seeds 5, 6, which the study does not plan; left out."
    assert note in found.notes
    named = select(synthetic.store, synthetic.sweep_id, str(study))
    assert {result.seed for result in named.all} == {0, 1, 2, 3, 4, 5, 6}
    assert "Seeds 5, 6: not in the study's plan, so no verdict rests on them." in named.notes

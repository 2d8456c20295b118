"""Which runs a study takes from a store."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hhexp.analysis.registration import Registration, compute_sha256, write_registered
from hhexp.analysis.selection import _place_in_grid, find_shared, find_unchanged_answers
from hhexp.analysis.study import Study


def test_a_study_takes_the_defaults_of_what_it_does_not_name() -> None:
    study = Study(
        name="rates", title="Rates", question="Which?", grid="lr=constant,step epochs=2",
        fixed="data.image_size=100 optimizer=adam", seeds=[0],
    )  # fmt: skip
    assert find_shared(study) == {
        "model": "cnn", "aug": "none", "optimizer": "adam", "loss": "cross_entropy",
        "data.image_size": "100",
    }  # fmt: skip


def test_how_runs_are_trained_and_kept_is_no_setting_of_theirs() -> None:
    study = Study(
        name="rates", title="Rates", question="Which?", grid="lr=constant,step model=cnn aug=none",
        fixed="hydra/launcher=inline tracking.experiment=mine state.keep=all optimizer=adam",
        seeds=[0],
    )  # fmt: skip
    assert find_shared(study) == {"optimizer": "adam", "loss": "cross_entropy"}


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

"""What a report says before its numbers."""

from dataclasses import replace

import pytest

from hhexp.analysis.report import notes
from hhexp.analysis.study import Study
from hhexp.errors import UserError
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.tags import DATA_FINGERPRINT, STOPPED

BEST = "no predictions/validation.npz"


def write_notes(found) -> list[str]:
    """The notes but for the one on the best epoch, which all of these runs would have."""
    return [note for note in notes.write_notes(found) if BEST not in note]


FINE = {"val/accuracy": [0.5]}
STUDY = Study(name="s", title="T", question="Q", grid="aug=none,full,flip", seeds=[0, 1, 2])


def test_seeds_that_a_study_asks_for_and_no_run_has_are_named(made) -> None:
    found = made({"aug=none": [FINE] * 3, "aug=full": [FINE], "aug=flip": []}, STUDY)
    assert write_notes(found) == [
        "aug=full: no finished run for seeds 1, 2.", "aug=flip: no finished run.",
    ]  # fmt: skip


def test_without_a_study_cells_are_held_against_each_other(made) -> None:
    assert write_notes(made({"aug=none": [FINE] * 2, "aug=full": [FINE]})) == [
        "aug=full: no finished run for seed 1."
    ]


def test_of_many_notes_the_first_are_given_and_how_many_there_are(made) -> None:
    found = write_notes(made({f"lr={number}": [] for number in range(25)} | {"lr=25": [FINE]}))
    assert found[-1] == "The same is true of 22 more."
    assert len(found) == 4
    assert write_notes(made({"aug=none": [FINE] * 40, "aug=full": [FINE]})) == [
        "aug=full: no finished run for 39 of 40 seeds."
    ]


def test_runs_whose_best_epoch_cannot_be_cross_fitted_are_counted(made) -> None:
    found = made({"aug=none": [FINE] * 2, "aug=full": [FINE]})
    (note,) = [each for each in notes.write_notes(found) if BEST in each]
    assert note.startswith("3 of 3 runs have no predictions/validation.npz")
    assert "judged on the images that chose it" in note


def test_a_run_that_stopped_early_is_named(made) -> None:
    found = made({"aug=none": [FINE]})
    run = replace(found.all[0].run, tags={STOPPED: "stopped after epoch 3: why"})
    stopped = replace(found, all=[replace(found.all[0], run=run)])
    (note,) = write_notes(stopped)
    assert note.startswith("aug=none seed=0 (") and note.endswith(") stopped after epoch 3: why.")


def test_what_is_wrong_with_the_images_is_said_once_a_data_set(made, store) -> None:
    found = made({"aug=none": [FINE] * 2, "aug=full": [FINE] * 2})
    checks = {
        "skipped": ["train/a/x.png: not an image"],
        "findings": [{"text": "nearly black pictures (4)", "files": ["a", "b", "c", "d"]}],
    }
    runs = []
    for result in found.all:
        tracked = TrackedRun.start(store, "study", "a run")
        tracked.log_json(checks, "provenance/data_checks.json")
        run = replace(result.run, run_id=tracked.run_id, tags={DATA_FINGERPRINT: "f" * 64})
        runs.append(replace(result, run=run))
    assert write_notes(replace(found, store=store, all=runs)) == [
        "The images: bad files left out (1): train/a/x.png: not an image.",
        "The images: nearly black pictures (4): a; b; c; ….",
    ]
    TrackedRun(store, runs[0].run.run_id).log_json({}, "provenance/data_checks.json")
    with pytest.raises(UserError, match=r"data_checks\.json of run"):
        write_notes(replace(found, store=store, all=runs))

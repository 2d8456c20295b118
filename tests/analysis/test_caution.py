"""What a sweep cannot tell: one seed, too few epochs."""

from collections.abc import Sequence

import pytest

from hhexp.analysis.caution import say_what_is_open
from hhexp.analysis.selection import select_runs
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES

LEARNED = (0.7, 0.9, 0.95, 0.96)
SHORT = (0.55, 0.66)
FLAT = (0.5, 0.52, 0.51, 0.52)


def log_runs(store: Store, cells: dict[str, Sequence[float]], seeds: int) -> list[str]:
    """Finished runs of two classes, with the training accuracy of each cell."""
    run_ids = []
    for cell, curve in cells.items():
        for seed in range(seeds):
            words = f"{cell} seed={seed}"
            run = TrackedRun.start(store, "study", words, None, {KIND: "run", OVERRIDES: words})
            run.log_params(dict(word.split("=") for word in words.split()))
            for epoch, accuracy in enumerate(curve, start=1):
                recalls = {"val/recall/moons": 0.5, "val/recall/suns": 0.5}
                run.log_epoch(epoch, {"train/accuracy": accuracy, **recalls})
            run.finish("FINISHED", None)
            run_ids.append(run.run_id)
    return run_ids


def said(store: Store, cells: dict[str, Sequence[float]], seeds: int = 2) -> list[str]:
    return say_what_is_open(select_runs(store, log_runs(store, cells, seeds), ["train/accuracy"]))


def test_nothing_is_said_of_cells_that_have_learned_with_several_seeds(store: Store) -> None:
    assert said(store, {"aug=none": LEARNED, "aug=full": LEARNED}) == []


def test_one_seed_is_said_with_the_words_that_train_six(store: Store) -> None:
    (line,) = said(store, {"aug=none": LEARNED, "aug=full": LEARNED}, seeds=1)
    assert line.startswith("One seed cannot tell a difference from chance. Six can: ")
    assert '"seed=range(0,6)"' in line and "python -m hhexp.study" in line


def test_one_cell_compares_nothing(store: Store) -> None:
    assert said(store, {"aug=none": SHORT}, seeds=1) == []


def test_a_cell_that_still_learns_is_named_with_its_rise(store: Store) -> None:
    (line,) = said(store, {"aug=none": LEARNED, "aug=full": SHORT})
    assert line.startswith("aug=full still learns: training accuracy rises by 11.0 points an epoch")
    assert "More epochs" in line


def test_one_epoch_has_risen_from_guessing(store: Store) -> None:
    (line,) = said(store, {"aug=none": [0.9], "aug=full": [0.8]})
    assert line.startswith("aug=none (and 1 more) still learns: training accuracy rises by 40.0")


@pytest.mark.parametrize("curve", [FLAT, (0.51,)])
def test_a_cell_near_guessing_is_named(store: Store, curve: Sequence[float]) -> None:
    (line,) = said(store, {"lr=constant": LEARNED, "lr=too_small": curve})
    assert line.startswith(f"lr=too_small has learned little: training accuracy {curve[-1]:.1%}")
    assert "guessing has 50.0%" in line


def test_a_sweep_without_finished_runs_says_nothing(store: Store) -> None:
    run = TrackedRun.start(store, "study", "aug=none", None, {KIND: "run", OVERRIDES: "aug=none"})
    assert say_what_is_open(select_runs(store, [run.run_id], ["train/accuracy"])) == []

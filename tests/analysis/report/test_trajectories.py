"""Runs that share their epochs are told apart from those that do not."""

from dataclasses import replace

from hhexp.analysis.report.trajectories import note_shared
from hhexp.analysis.results import Results
from hhexp.tracking.tags import FIRST_STAGE

NAMES = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")


def train(seed: int, epochs: int) -> dict[str, list[float]]:
    """A history whose first epochs depend on the seed alone."""
    return {name: [seed + 1 / (epoch + 1) for epoch in range(epochs)] for name in NAMES}


def tag(results: Results, name: str = "{seed}") -> Results:
    """The results with the first stage of each run, by its seed."""
    runs = [
        replace(each, run=replace(each.run, tags={FIRST_STAGE: name.format(seed=each.seed)}))
        for each in results.all
    ]
    return replace(results, all=runs)


def test_twenty_runs_are_ten_where_the_shorter_begin_the_longer(made) -> None:
    cells = {f"epochs={epochs}": [train(seed, epochs) for seed in range(10)] for epochs in (2, 4)}
    first, second = note_shared(tag(made(cells)))
    assert first.startswith("20 runs are 10 trainings: ")
    assert second == (
        "Of these, the 10 runs of epochs=2 are the beginning of those of epochs=4 with the same "
        "seeds."
    )


def test_three_lengths_are_one_training(made) -> None:
    cells = {f"epochs={epochs}": [train(0, epochs)] for epochs in (4, 2, 3)}
    notes = list(note_shared(tag(made(cells))))
    assert notes[0].startswith("3 runs are 1 training")
    assert len(notes) == 4


def test_cells_that_part_after_some_epochs_are_named(made) -> None:
    """As of ``aug.until=2,null``, of which neither is the other's beginning."""
    parted = [train(seed, 4) for seed in range(3)]
    for each in parted:
        each["train/loss"] = [*each["train/loss"][:2], 0.7, 0.6]
    cells = {"aug.until=2": parted, "aug.until=null": [train(seed, 4) for seed in range(3)]}
    assert list(note_shared(tag(made(cells)))) == [
        "aug.until=2 and aug.until=null share their first 2 epochs with 3 seeds, bit for bit: they "
        "are no independent samples."
    ]


def test_other_numbers_or_another_first_stage_are_another_training(made) -> None:
    moved = train(0, 4)
    moved["val/loss"] = [0.7, *moved["val/loss"][1:]]
    cells = {"aug=none epochs=2": [train(0, 2)], "aug=full epochs=4": [moved]}
    assert list(note_shared(tag(made(cells)))) == []
    alike = {"epochs=2": [train(0, 2)], "epochs=4": [train(0, 4)]}
    untagged = made(alike)
    assert list(note_shared(untagged)) == []

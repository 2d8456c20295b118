"""Runs that diverged, in a report."""

import math

from hhexp.analysis.report.charts import draw_charts
from hhexp.analysis.report.notes import write_notes
from hhexp.analysis.report.scope import choose_scope
from hhexp.analysis.report.tables import build_training_table

NAN = math.nan
NAMES = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")
FINE = dict.fromkeys(NAMES, (0.4, 0.5))
LATE = FINE | {"val/loss": [0.6, NAN]}
NEVER = dict.fromkeys(NAMES, (NAN, NAN))


def test_a_note_names_each_run_that_diverged(made) -> None:
    said = write_notes(made({"aug=none": [FINE] * 3, "aug=full": [FINE, LATE, NEVER]}))
    assert [note.partition(" diverged")[0] for note in said if " diverged" in note] == [
        "aug=full seed=1 (00000000)", "aug=full seed=2 (00000000)",
    ]  # fmt: skip
    assert "from epoch 2 on" in said[0] and "from epoch 1 on" in said[1]


def test_a_mean_says_how_many_of_its_seeds_diverged(made) -> None:
    table = build_training_table(made({"aug=none": [NEVER], "aug=full": [FINE, LATE, NEVER]}))
    losses = [line.numbers[3] for line in table.lines]
    assert [number.text for number in losses[:1] + losses[3:4]] == [
        "diverged", "0.500 (seeds 1, 2 diverged)",
    ]  # fmt: skip
    assert losses[3].run_ids == (f"{1:032x}",)


def test_a_mean_curve_ends_where_a_seed_diverges(made) -> None:
    found = made({"aug=none": [NEVER], "aug=full": [FINE, LATE]})
    figures = draw_charts(found, choose_scope(found))
    rows = figures["loss_aug_full"].spec["datasets"]["means"]
    assert [(row["e"], row["v"]) for row in rows if row["k"] == "validation"] == [(1, 0.5)]

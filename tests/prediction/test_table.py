"""Answers as the terminal shows them."""

import io
from pathlib import Path

import numpy as np
from rich.console import Console

from hhexp.prediction.photographs import Photograph
from hhexp.prediction.table import build_table, describe_unscaled

PIXELS = np.zeros((8, 8, 3), np.uint8)


def test_a_row_has_the_file_the_class_and_the_probability(answers) -> None:
    photographs = [
        Photograph(Path(name), PIXELS, PIXELS) for name in ("a/[b].png", "c\udcff.png", "d\ne.png")
    ]
    scaled, unscaled = answers([[0.2, 0.8], [0.9, 0.1], [1, 0]]), answers([[1, 0]] * 3)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(build_table(photographs, [scaled, unscaled]))
    rows = [line.split() for line in console.export_text().splitlines()]
    assert ["a/[b].png", "dogs", "80.0%", "cats", "100.0%"] in rows
    assert ["d\\ne.png", "cats", "100.0%", "cats", "100.0%"] in rows
    assert ["c�.png", "cats", "90.0%", "cats", "100.0%"] in rows


def test_the_note_counts_the_classes_that_the_slip_changes(answers) -> None:
    right, slip = answers([[0.2, 0.8], [0.9, 0.1]]), answers([[1, 0], [1, 0]])
    assert describe_unscaled(right, slip).endswith("Classes that differ: 1 of 2.")

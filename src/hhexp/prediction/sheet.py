"""A figure of photographs, each with what in it speaks for the class."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hhexp.atomic import replace_file
from hhexp.errors import UserError
from hhexp.figures.style import INK, make_figure
from hhexp.prediction.answers import Answers
from hhexp.prediction.gradcam import lay_over
from hhexp.prediction.photographs import Photograph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURED = 40
"""Photographs in the figure, at most."""
SUFFIXES = (".png", ".pdf", ".svg")
DOTS_PER_INCH = 200
WIDTH_IN, TALLEST_IN = 2.6, 3.4
"""Room for a picture, in inches; it keeps its proportions."""
GAP_IN, LINE_IN = 0.1, 0.26

Row = Sequence[tuple[np.ndarray, str]]
"""Pictures [h, w, 3] uint8 of one size, each with its caption."""


def draw_answers(photographs: Sequence[Photograph], answers: Sequence[Answers]) -> "Figure":
    """Draw each photograph, and beside it, for each of the answers, what speaks for the class."""
    rows = [
        _compose_row(photograph, number, answers)
        for number, photograph in enumerate(photographs[:PICTURED])
    ]
    title = "Regions that speak for the predicted class (Grad-CAM)"
    if len(photographs) > PICTURED:
        title += f": the first {PICTURED} of {len(photographs)}"
    return _draw_rows(rows, title)


def save_figure(figure: "Figure", output: Path) -> None:
    """Write a figure, completely or not at all.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with replace_file(output) as unfinished:
            figure.savefig(unfinished)
    except OSError as error:
        raise UserError(f"--output {output}: cannot be written: {error.strerror}") from error


def _compose_row(photograph: Photograph, number: int, answers: Sequence[Answers]) -> Row:
    row = [(photograph.picture, photograph.name)]
    for each, prefix in zip(answers, ("", "unscaled: "), strict=False):
        heat = each.heat[number]
        caption = prefix + " ".join(each.describe(number))
        caption += "" if heat.any() or not each.has_regions else " (blank: nothing speaks for it)"
        row.append((lay_over(photograph.picture, heat), caption))
    return row


def _draw_rows(rows: Sequence[Row], title: str) -> "Figure":
    """Draw rows of equal length, each as high as its pictures."""
    sizes = [_fit(*row[0][0].shape[:2]) for row in rows]
    width = len(rows[0]) * (WIDTH_IN + GAP_IN) + GAP_IN
    height = sum(high + LINE_IN + GAP_IN for high, _ in sizes) + LINE_IN + GAP_IN
    figure = make_figure(width, height, DOTS_PER_INCH)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))  # in inches from the top left
    axes.text(GAP_IN, LINE_IN, title, color=INK, fontsize=11, fontweight="bold")
    top = LINE_IN + GAP_IN
    for row, (high, wide) in zip(rows, sizes, strict=True):
        bottom = top + LINE_IN + high
        for column, (picture, caption) in enumerate(row):
            left = column * (WIDTH_IN + GAP_IN) + GAP_IN
            axes.imshow(picture, extent=(left, left + wide, bottom, bottom - high), aspect="auto")
            axes.text(left, bottom - high - 0.06, caption, color=INK, fontsize=8.5)
        top = bottom + GAP_IN
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure


def _fit(height: int, width: int) -> tuple[float, float]:
    """The height and width in inches of a picture of so many pixels."""
    scale = min(WIDTH_IN / width, TALLEST_IN / height)
    return height * scale, width * scale

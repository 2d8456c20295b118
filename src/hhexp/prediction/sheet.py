"""A figure of photographs, each with what a model makes of it beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.figures.style import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN, TALLEST_IN = 2.6, 3.4
"""Room for a picture, in inches; it keeps its proportions."""
GAP_IN, LINE_IN = 0.1, 0.26


def photograph_sheet(
    rows: Sequence[Sequence[tuple[np.ndarray, str]]], title: str, dots_per_inch: int
) -> "Figure":
    """Rows of pictures, each under its caption; the rows are as high as their pictures.

    Args:
        rows: of equal length; a picture is [h, w, 3] uint8, with one size in a row.
        title: above all.
        dots_per_inch: of the figure where it is saved as pixels.
    """
    from matplotlib.figure import Figure

    sizes = [_fitted(*row[0][0].shape[:2]) for row in rows]
    width = len(rows[0]) * (WIDTH_IN + GAP_IN) + GAP_IN
    height = sum(high + LINE_IN + GAP_IN for high, _ in sizes) + LINE_IN + GAP_IN
    figure = Figure(figsize=(width, height), dpi=dots_per_inch, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))  # in inches from the top left
    axes.text(GAP_IN, LINE_IN, title, color=INK, fontsize=11, fontweight="bold", parse_math=False)
    top = LINE_IN + GAP_IN
    for row, (high, wide) in zip(rows, sizes, strict=True):
        bottom = top + LINE_IN + high
        for column, (picture, caption) in enumerate(row):
            left = column * (WIDTH_IN + GAP_IN) + GAP_IN
            axes.imshow(picture, extent=(left, left + wide, bottom, bottom - high), aspect="auto")
            axes.text(
                left, bottom - high - 0.06, caption, color=INK, fontsize=8.5, parse_math=False
            )
        top = bottom + GAP_IN
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure


def _fitted(height: int, width: int) -> tuple[float, float]:
    """The height and width in inches of a picture of so many pixels."""
    scale = min(WIDTH_IN / width, TALLEST_IN / height)
    return height * scale, width * scale

"""Figures of many runs: how their numbers are distributed, in place of each run by itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.report.panels import PALETTE, make_panel
from hhexp.analysis.report.scope import RANKED_BY
from hhexp.analysis.results import Results
from hhexp.figures.style import INK, show_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Between the outer two lie 90 % of the runs, between the inner two half of them."""
MOST_VALUES = 16
"""Values of a key that each get a row; more, if they are numbers, become an axis."""


def draw_bands(axes: "Axes", curves: np.ndarray, colour: str, label: str) -> None:
    """Draw [S, E] curves as their median in a band of half of them, in one of 90 %.

    A seed that diverged is left out from there on.
    """
    if not curves.size:
        return
    known = curves[:, ~np.isnan(curves).all(axis=0)]
    epochs = np.flatnonzero(~np.isnan(curves).all(axis=0)) + 1
    lowest, low, middle, high, highest = np.nanquantile(known, QUANTILES, axis=0)
    axes.fill_between(epochs, lowest, highest, color=colour, alpha=0.15, linewidth=0)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.3, linewidth=0)
    marker = "o" if len(epochs) == 1 else ""
    axes.plot(epochs, middle, color=colour, linewidth=2.2, label=label, marker=marker)


def draw_spreads(results: Results, shown: Sequence[Cell]) -> "Figure":
    """Validation accuracy of each cell at the last epoch, as ``_draw_rows``."""
    rows = {
        grid.label(cell): list(results.measure_cell(cell, RANKED_BY, "last").values())
        for cell in shown
    }
    return _draw_rows(rows)


def draw_by_key(results: Results, key: str) -> "Figure":
    """Validation accuracy of all cells at the last epoch by the value of a key.

    A key of a few values has a row for each; one of many numbers is an axis, with a dot a run.
    """
    rows: dict[str, list[float]] = {}
    for cell in results.cells:
        values = results.measure_cell(cell, RANKED_BY, "last").values()
        rows.setdefault(cell[key], []).extend(values)
    if len(rows) <= MOST_VALUES:
        return _draw_rows({f"{key}={value}": found for value, found in _sort(rows)})
    figure, axes = make_panel("")
    if (numbers := _read_numbers(rows)) is None:
        _draw_values(axes, [value for found in rows.values() for value in found])
        return figure
    places = [number for number, found in zip(numbers, rows.values(), strict=True) for _ in found]
    heights = [value for found in rows.values() for value in found]
    axes.plot(places, heights, ".", color=PALETTE[0], alpha=0.4, markersize=4, rasterized=True)
    if min(numbers) > 0 and max(numbers) > 30 * min(numbers):
        axes.set_xscale("log")
    axes.set_xlabel(key)
    show_percent(axes.yaxis)
    return figure


def _draw_rows(rows: dict[str, list[float]]) -> "Figure":
    """A row for each name: a thin line for 90 % of the runs, a thick one for half, a median."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = make_panel("", height_in=0.7 + 0.3 * max(4, len(rows)))
    for row, values in enumerate(rows.values()):
        if not values:
            continue
        colour = PALETTE[row % len(PALETTE)]
        lowest, low, middle, high, highest = np.quantile(values, QUANTILES)
        axes.plot([lowest, highest], [row, row], color=colour, linewidth=1.2)
        axes.plot([low, high], [row, row], color=colour, linewidth=6, solid_capstyle="butt")
        axes.plot(middle, row, "|", color=INK, markersize=10, markeredgewidth=1.6)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    show_percent(axes.xaxis)
    return figure


def _draw_values(axes: "Axes", values: Sequence[float]) -> None:
    """How many runs have which validation accuracy."""
    axes.hist(values, bins=30, color=PALETTE[0])
    axes.set_ylabel("runs")
    show_percent(axes.xaxis)


def _sort(rows: dict[str, list[float]]) -> list[tuple[str, list[float]]]:
    """The rows by rising value where all are numbers, else as they are."""
    numbers = _read_numbers(rows)
    if numbers is None:
        return list(rows.items())
    return [row for _, row in sorted(zip(numbers, rows.items(), strict=True))]


def _read_numbers(texts: Sequence[str] | dict[str, list[float]]) -> list[float] | None:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return None

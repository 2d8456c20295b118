"""The report's figures: Matplotlib figures, one small panel each, so that a phone shows them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.folds import measure_interval
from hhexp.analysis.grid import Cell
from hhexp.analysis.report.distributions import draw_bands, draw_by_key, draw_spreads
from hhexp.analysis.report.panels import PALETTE, average, make_panel, make_slugs, stack_curves
from hhexp.analysis.report.scope import Scope
from hhexp.analysis.results import Results
from hhexp.figures.style import (
    INK,
    TRAIN,
    VALIDATION,
    number_epochs,
    show_percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLITS = (("train", "training", TRAIN), ("val", "validation", VALIDATION))


def draw_charts(results: Results, scope: Scope) -> dict[str, tuple[str, "Figure"]]:
    """All figures: file name (without ending) to caption and figure."""
    finished = scope.drawn
    slugs = make_slugs([grid.label(cell) for cell in finished])
    made: dict[str, tuple[str, Figure]] = {}
    for name in ("accuracy", "loss"):
        tops = [_find_highest(results, cell, name) for cell in finished]
        # One scale for all, except for a cell that would make the others look flat.
        shared = max(top for top in tops if top <= 4 * float(np.median(tops)))
        for cell, slug, top in zip(finished, slugs, tops, strict=True):
            made[f"{name}_{slug}"] = (
                f"{name.capitalize()}, {grid.label(cell)}",
                draw_learning_curve(results, cell, name, max(top, shared), scope.shows_runs),
            )
    made["validation_accuracy"] = (
        f"Validation accuracy at the last epoch{', every seed' if scope.shows_runs else ''}",
        draw_every_seed(results, finished, "val/accuracy")
        if scope.shows_runs
        else draw_spreads(results, finished),
    )
    made["accuracy_gap"] = ("Generalisation gap by epoch", draw_gap(results, finished))
    keys = list(results.cells[0]) if scope.has_many_cells else []
    for key, slug in zip(keys, make_slugs(keys), strict=True):
        made[f"by_{slug}"] = (f"Validation accuracy by {key}", draw_by_key(results, key))
    return made


def draw_learning_curve(
    results: Results, cell: Cell, name: str, top: float, shows_runs: bool = True
) -> "Figure":
    """Training against validation by epoch: each seed thin, their mean thick; or as bands.

    Args:
        results: hold the cell's runs.
        cell: the cell.
        name: accuracy or loss.
        top: the upper end of the axis of a loss.
        shows_runs: whether each seed has its line; else bands show how they are distributed.
    """
    figure, axes = make_panel(grid.label(cell))
    histories = [result.history for result in results.of(cell).values()]
    for split, label, colour in SPLITS:
        curves = stack_curves(histories, f"{split}/{name}")
        draw = _draw_seeds_and_mean if shows_runs else draw_bands
        draw(axes, curves, colour, label)
    number_epochs(axes)
    axes.set_ylabel(name if name == "accuracy" else "loss (nats)")
    if name == "accuracy":
        show_percent(axes.yaxis)
        axes.set_ylim(0.4, 1.02) if axes.get_ylim()[0] > 0.4 else axes.set_ylim(0, 1.02)
    else:
        axes.set_ylim(0, top)
    axes.legend(frameon=False, loc="best", labelcolor=INK, fontsize=8)
    return figure


def draw_every_seed(results: Results, shown: Sequence[Cell], metric: str) -> "Figure":
    """A dot for each seed's or fold's last value, the mean with its interval, what was
    published."""
    figure, axes = make_panel("", height_in=0.7 + 0.55 * max(2, len(shown)))
    reference = results.study.reference if results.study else None
    for row, cell in enumerate(shown):
        colour = PALETTE[row % len(PALETTE)]
        by_seed = results.measure_cell(cell, metric, "last")
        values = list((results.measure_folds(cell, metric, "last") or by_seed).values())
        axes.plot(values, [row] * len(values), "o", color=colour, alpha=0.45, markersize=5)
        mean = measure_interval(results, cell, metric, "last")
        if mean.count > 1:
            axes.errorbar(
                mean.mean,
                row + 0.22,
                xerr=mean.half,
                fmt="|",
                color=colour,
                capsize=3,
                markersize=9,
            )
        for figure_ in reference.figures if reference else ():
            if (figure_.metric, figure_.statistic) == (metric, "last") and grid.holds(
                figure_.cell, cell
            ):
                axes.plot(figure_.middle, row - 0.22, "D", color=INK, markersize=5, mfc="none")
    axes.set_yticks(range(len(shown)), [grid.label(cell) for cell in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, -0.02), min(high, 1.02))
    show_percent(axes.xaxis)
    return figure


def draw_gap(results: Results, shown: Sequence[Cell]) -> "Figure":
    """Training − validation accuracy by epoch, the mean of each cell's seeds.

    Cells that differ in their epochs alone share their first epochs: the shorter's line lies on the
    longer's, which is thicker, and ends in a dot.
    """
    figure, axes = make_panel("")
    means = []
    for row, cell in enumerate(shown):
        histories = [result.history for result in results.of(cell).values()]
        train, val = (stack_curves(histories, f"{split}/accuracy") for split in ("train", "val"))
        if train.size and train.shape == val.shape:
            means.append((PALETTE[row % len(PALETTE)], grid.label(cell), average(train - val)))
    lengths = sorted({len(mean) for _, _, mean in means})
    for colour, label, mean in means:
        rank = lengths.index(len(mean))
        axes.plot(
            np.arange(1, len(mean) + 1),
            mean,
            color=colour,
            label=label,
            linewidth=1.6 + 3.4 * rank / max(1, len(lengths) - 1),
            marker="o",
            markevery=[-1],
            zorder=3 - rank / len(lengths),
        )
    axes.axhline(0, color=INK, linewidth=0.6)
    number_epochs(axes)
    axes.set_ylabel("training − validation accuracy")
    show_percent(axes.yaxis)
    axes.legend(frameon=False, labelcolor=INK, fontsize=8)
    return figure


def _draw_seeds_and_mean(axes: "Axes", curves: np.ndarray, colour: str, label: str) -> None:
    """Draw [S, E] curves, each thin where there are several, and their mean."""
    if not curves.size:
        return
    epochs = np.arange(1, curves.shape[1] + 1)
    if len(curves) > 1:
        axes.plot(epochs, curves.T, color=colour, linewidth=0.7, alpha=0.4)
    marker = "o" if len(epochs) == 1 else ""
    axes.plot(epochs, average(curves), color=colour, linewidth=2.2, label=label, marker=marker)


def _find_highest(results: Results, cell: Cell, name: str) -> float:
    """The upper end of an axis that shows a cell's mean curves; a single seed may leave it."""
    histories = [result.history for result in results.of(cell).values()]
    means = [average(stack_curves(histories, f"{split}/{name}")) for split, _, _ in SPLITS]
    finite = [value for mean in means for value in mean if np.isfinite(value)]
    return 1.1 * max(finite, default=1.0)

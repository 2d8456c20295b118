"""Figures of probabilities: ROC, precision-recall and calibration.

With up to ``MOST_CURVES`` classes each has a curve, of two only the second. Of more, the mean is
drawn in a band that holds the middle nine tenths of the classes.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.figures.style import (
    FAINT,
    INK,
    TITLE,
    TRAIN,
    VALIDATION,
    make_figure,
    shorten,
    show_percent,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 10
"""Classes that have a curve and a name each."""
GRID = np.linspace(0, 1, 201)
"""Where the curves of several classes are averaged."""
BINS = 10
"""Bins of equal width of the calibration figure."""

Trace = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, float]]
"""From truth [N] bool and probability [N] to a curve: its x in rising order, y, and area."""


def draw_roc(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> "Figure":
    """Draw the true by the false positive rate of each class against all others.

    Args:
        labels: [N] the true classes.
        probabilities: [N, C] each class's.
        classes: the C names.

    Raises:
        ValueError: all images are of one class.
    """
    figure = make_figure(6.4, 4.6)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", zorder=1)
    _draw_curves(axes, _trace_roc, labels, probabilities, classes, "AUC")
    axes.set_title("ROC: each class against all others", **TITLE)
    _finish(axes, "false positive rate", "true positive rate (recall)")
    return figure


def draw_precision_recall(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> "Figure":
    """Draw precision by recall of each class against all others; the arguments are ``draw_roc``'s.

    Raises:
        ValueError: all images are of one class.
    """
    figure = make_figure(6.4, 4.6)
    axes = figure.add_subplot()
    _draw_curves(axes, _trace_precision, labels, probabilities, classes, "AP")
    axes.set_title("Precision and recall: each class against all others", **TITLE)
    _finish(axes, "recall", "precision")
    return figure


def draw_calibration(labels: np.ndarray, probabilities: np.ndarray) -> "Figure":
    """Draw accuracy by confidence, the probability of the predicted class, and how often each
    confidence is; the arguments are ``draw_roc``'s."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    filled = np.flatnonzero(counts)
    means, shares = (
        np.bincount(bins, weights=values, minlength=BINS)[filled] / counts[filled]
        for values in (confidence, right)
    )
    figure = make_figure(5.6, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=FAINT, linestyle="--", zorder=1)
    upper.plot(means, shares, color=VALIDATION, marker="o")
    upper.set_ylabel("share that is right")
    upper.set_ylim(-0.02, 1.02)
    upper.set_title("Calibration: below the diagonal, too sure", **TITLE)
    lower.bar((filled + 0.5) / BINS, counts[filled], width=0.9 / BINS, color=TRAIN)
    lower.set_ylabel("images")
    lower.set_xlabel("confidence: probability of the predicted class")
    lower.set_xlim(-0.02, 1.02)
    for axes in (upper, lower):
        style_axes(axes)
        show_percent(axes.xaxis)
    show_percent(upper.yaxis)
    return figure


def _draw_curves(
    axes: "Axes",
    trace: Trace,
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    area: str,
) -> None:
    present = [int(each) for each in np.unique(labels)]
    if len(present) < 2:
        raise ValueError("all images are of one class, which has no such curve")
    curves = {index: trace(labels == index, probabilities[:, index]) for index in present}
    if len(classes) == 2:
        x, y, size = curves[1]
        axes.plot(x, y, color=VALIDATION, label=f"{shorten(classes[1], 24)}, {area} {size:.3f}")
        return
    if few := len(present) <= MOST_CURVES:
        from matplotlib import colormaps

        colours = colormaps["tab10"].colors  # type: ignore[attr-defined]
        for colour, (index, (x, y, size)) in zip(colours, curves.items(), strict=False):
            label = f"{shorten(classes[index], 24)}, {area} {size:.3f}"
            axes.plot(x, y, color=colour, linewidth=1.1, label=label)
    # At a recall between two that are reached, precision is that of the next: no line joins them.
    heights = np.array(
        [
            np.interp(GRID, x, y) if trace is _trace_roc else y[np.searchsorted(x, GRID)]
            for x, y, _ in curves.values()
        ]
    )
    mean = float(np.mean([size for _, _, size in curves.values()]))
    if not few:
        low, high = np.quantile(heights, [0.05, 0.95], axis=0)
        axes.fill_between(GRID, low, high, color=FAINT, label=f"90 % of {len(present)} classes")
    axes.plot(
        GRID, heights.mean(axis=0), color=INK, linewidth=2, label=f"macro mean, {area} {mean:.3f}"
    )
    truth = labels[:, None] == present
    x, y, size = trace(truth.ravel(), probabilities[:, present].ravel())
    label = f"micro mean, {area} {size:.3f}"
    axes.plot(x, y, color=INK, linewidth=1.4, linestyle=":", label=label)


def _trace_roc(truth: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    from sklearn.metrics import auc, roc_curve

    x, y, _ = roc_curve(truth, probability)
    return x, y, float(auc(x, y))


def _trace_precision(
    truth: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(truth, probability)
    return recall[::-1], precision[::-1], float(average_precision_score(truth, probability))


def _finish(axes: "Axes", across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    show_percent(axes.xaxis)
    show_percent(axes.yaxis)
    style_axes(axes)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))

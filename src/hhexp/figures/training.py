"""Figures of a training: its learning curves and its confusion matrix."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.figures.style import (
    INK,
    TITLE,
    TRAIN,
    VALIDATION,
    make_figure,
    number_epochs,
    shorten,
    show_percent,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TEXTS = 20
"""Classes of a confusion matrix with a text in each cell; with more it has colours alone."""
MOST_NAMES = 40
"""Classes that are named at its sides; of more, every so many."""
MANY_IN = 9.0
"""The side of a matrix without texts, in inches, however many classes it has."""


def draw_learning_curves(history: Mapping[str, Sequence[float]]) -> "Figure":
    """Draw loss and accuracy by epoch, training beside validation; the best epoch is marked.

    Args:
        history: values from epoch 1 on, of train/loss, val/loss, train/accuracy, val/accuracy.
    """
    figure = make_figure(9, 3.6)
    for place, name in enumerate(("loss", "accuracy"), start=1):
        axes = figure.add_subplot(1, 2, place)
        for split, label, colour in (
            ("train", "training", TRAIN),
            ("val", "validation", VALIDATION),
        ):
            values = history[f"{split}/{name}"]
            epochs = np.arange(1, len(values) + 1)
            axes.plot(epochs, values, color=colour, label=label, marker="o", markersize=3.5)
        axes.set_title(name.capitalize(), **TITLE)
        number_epochs(axes)
        axes.set_xlim(0.5, len(values) + 0.5)
        axes.margins(y=0.12)
        style_axes(axes)
        if name == "accuracy":
            show_percent(axes.yaxis)
            _mark_best(axes, history["val/accuracy"])
        else:
            axes.set_ylabel("cross-entropy (nats)")
            axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
            axes.legend(frameon=False)
    return figure


def draw_confusion_matrix(counts: np.ndarray, classes: Sequence[str]) -> "Figure":
    """Draw how many images of each class were predicted as which.

    Args:
        counts: [C, C] integers, rows the true and columns the predicted class.
        classes: the C names.
    """
    counts = np.asarray(counts)
    size = len(classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    many = size > MOST_TEXTS
    side = MANY_IN if many else 1.6 + max(2.2, 0.75 * size)
    figure = make_figure(side + 0.6, side)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if many:
        bar = figure.colorbar(image, ax=axes, shrink=0.6, label="share of the true class")
        show_percent(bar.ax.yaxis)
    else:
        _write_counts(axes, counts, shares)
    named = range(0, size, -(-size // MOST_NAMES))
    names = [shorten(classes[number], 18) for number in named]
    axes.set_xticks(named, names, rotation=0 if size <= 3 else 90 if many else 45)
    axes.set_yticks(named, names)
    axes.tick_params(length=0, labelsize=7 if many else None)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right = counts.trace() / max(counts.sum(), 1)
    axes.set_title(f"{right:.1%} of {counts.sum():,} images correct", **TITLE)
    axes.spines[:].set_visible(False)
    return figure


def _write_counts(axes: "Axes", counts: np.ndarray, shares: np.ndarray) -> None:
    """Write into each cell of a matrix [C, C] how many images it has, and their share."""
    size = len(counts)
    for row in range(size):
        for column in range(size):
            axes.text(
                column,
                row,
                f"{counts[row, column]:,}\n{shares[row, column]:.1%}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else INK,
                fontsize=11 if size <= 4 else 7,
            )


def _mark_best(axes: "Axes", values: Sequence[float]) -> None:
    """Point out the highest value, the earliest of equals."""
    if np.isnan(values).all():
        return
    best = int(np.nanargmax(values))
    axes.annotate(
        f"{values[best]:.1%}, epoch {best + 1}",
        (best + 1, values[best]),
        xytext=(0, 7),
        textcoords="offset points",
        ha="right" if best > len(values) / 2 else "left",
        color=VALIDATION,
        fontsize=8,
    )

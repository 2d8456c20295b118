"""What the report's figures share: a small panel, the colours of cells, curves as an array."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.analysis.metrics import History, mask_infinite
from hhexp.figures.style import INK, TITLE, make_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, for every kind of colour vision; further cells begin anew.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
WIDTH_IN, HEIGHT_IN = 4.8, 3.0
SLUG_LENGTH = 100
"""Letters of a text in the name of a file."""


def make_slugs(texts: Sequence[str]) -> list[str]:
    """Each text as part of a file's name; where two would be the same, the later is counted."""
    seen: Counter[str] = Counter()
    slugs = []
    for text in texts:
        slug = re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_").lower()[:SLUG_LENGTH]
        seen[slug] += 1
        slugs.append(slug if seen[slug] == 1 else f"{slug}__{seen[slug]}")
    return slugs


def make_panel(title: str, height_in: float = HEIGHT_IN) -> tuple["Figure", "Axes"]:
    figure = make_figure(WIDTH_IN, height_in, dpi=150)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    if title:
        axes.set_title(title, **{**TITLE, "fontsize": 10})
    style_axes(axes)
    axes.spines[["bottom", "left"]].set_color(INK)
    axes.tick_params(colors=INK, labelsize=8)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def stack_curves(histories: Sequence[History], metric: str) -> np.ndarray:
    """[S, E] float64, NaN where a run has no finite value."""
    curves = [history[metric] for history in histories if history.get(metric)]
    stacked = np.full((len(curves), max(map(len, curves), default=0)), np.nan)
    for row, curve in enumerate(curves):
        stacked[row, : len(curve)] = mask_infinite(curve)
    return stacked


def average(curves: np.ndarray) -> np.ndarray:
    """[E], the mean of [S, E] curves; NaN where one has no value, so that it ends with the first
    seed that diverges."""
    return curves.mean(axis=0) if len(curves) else np.empty(0)

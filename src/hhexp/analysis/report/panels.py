"""What the report's charts share: names of files, curves as an array, axes."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.analysis.metrics import History, mask_infinite

if TYPE_CHECKING:
    import altair as alt

SLUG_LENGTH = 100
"""Letters of a text in the name of a file."""
PICKED = "chosen === null || datum.s === chosen"
"""What holds for the lines of the seed that a reader has picked, or for all."""
DIGITS = 4
"""Digits after the point of the numbers in a chart."""


def make_slugs(texts: Sequence[str]) -> list[str]:
    """Each text as part of a file's name; where two would be the same, the later is counted."""
    seen: Counter[str] = Counter()
    slugs = []
    for text in texts:
        slug = re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_").lower()[:SLUG_LENGTH]
        seen[slug] += 1
        slugs.append(slug if seen[slug] == 1 else f"{slug}__{seen[slug]}")
    return slugs


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


def list_points(values: Sequence[float] | np.ndarray, **same: Any) -> list[dict[str, Any]]:
    """A row for each epoch with a finite value: ``e``, the epoch from 1, ``v``, and what all
    share."""
    return [
        {"e": epoch, "v": round(float(value), DIGITS), **same}
        for epoch, value in enumerate(values, start=1)
        if np.isfinite(value)
    ]


def number_epochs(longest: int) -> "alt.X":
    """The horizontal axis of epochs."""
    import altair as alt

    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    scale = alt.Scale(domain=[1, max(2, longest)], nice=False)
    return alt.X("e:Q", title="epoch", axis=axis, scale=scale)


def show_percent(field: str, low: float, high: float, *, across: bool = False) -> Any:
    """An axis of shares between two values."""
    import altair as alt

    make = alt.X if across else alt.Y
    scale = alt.Scale(domain=[round(low, 3), round(high, 3)], nice=False)
    return make(f"{field}:Q", title=None, axis=alt.Axis(format="~%", tickCount=6), scale=scale)

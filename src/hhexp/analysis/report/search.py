"""Charts of a search over many cells: which key matters, and where the good cells lie."""

from collections.abc import Mapping, Sequence

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.report.panels import DIGITS
from hhexp.analysis.report.scope import RANKED_BY
from hhexp.analysis.report.vega import HEIGHT, PALETTE, SOFT, WIDTH, Chart, make_chart
from hhexp.analysis.results import Results

LEAST_CELLS = 10
"""With fewer, a forest has too little to learn from."""
FOLDS, TREES, REPEATS, SEED = 5, 200, 10, 0
MOST_LINES = 300
"""Cells with a line each; of more the best and the worst halves of so many."""
TICKS = 6
"""Values that are written at an axis."""


def draw_search(results: Results) -> dict[str, Chart]:
    """The charts by the names of their files; none where the cells are few or have one key."""
    means = {
        grid.label(cell): float(np.mean(list(values.values())))
        for cell in results.cells
        if (values := results.measure_cell(cell, RANKED_BY, "last"))
    }
    cells = [cell for cell in results.cells if grid.label(cell) in means]
    if len(cells) < LEAST_CELLS or len(cells[0]) < 2:
        return {}
    accuracy = np.array([means[grid.label(cell)] for cell in cells])
    places = {key: place_values([cell[key] for cell in cells]) for key in cells[0]}
    return {
        "importances": _draw_importances(places, accuracy),
        "parallel": _draw_parallel(cells, places, accuracy),
    }


def place_values(texts: Sequence[str]) -> np.ndarray:
    """[N] a key's values between 0 and 1: numbers by size, by their logarithm where they span much,
    words one after the other."""
    try:
        numbers = np.array([float(text) for text in texts])
    except ValueError:
        words = list(dict.fromkeys(texts))
        numbers = np.array([float(words.index(text)) for text in texts])
    else:
        if numbers.min() > 0 and numbers.max() > 30 * numbers.min():
            numbers = np.log(numbers)
    span = float(np.ptp(numbers))
    return (numbers - numbers.min()) / span if span else np.full(len(numbers), 0.5)


def measure_importances(
    places: Mapping[str, np.ndarray], accuracy: np.ndarray
) -> tuple[dict[str, float], float]:
    """How much worse a random forest predicts cells that it has not seen once a key is shuffled.

    L. Breiman, Random forests, Machine Learning 45, 2001, section 10, by scikit-learn: the loss of
    R² on held-out cells, over five folds.

    Args:
        places: [N] of each key, the cells' values.
        accuracy: [N] the cells'.

    Returns:
        by key, and the R² itself: near 0 or below, the importances say nothing.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold

    features = np.column_stack(list(places.values()))
    predicted = np.empty(len(accuracy))
    lost = np.zeros(len(places))
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    for learned, held in folds.split(features):
        forest = RandomForestRegressor(TREES, random_state=SEED)
        forest.fit(features[learned], accuracy[learned])
        predicted[held] = forest.predict(features[held])
        found = permutation_importance(
            forest,
            features[held],
            accuracy[held],
            scoring="neg_mean_squared_error",
            n_repeats=REPEATS,
            random_state=SEED,
        )
        lost += found.importances_mean * len(held) / len(accuracy)
    spread = float(accuracy.var()) or 1.0
    importances = {key: float(each) / spread for key, each in zip(places, lost, strict=True)}
    return importances, float(r2_score(accuracy, predicted))


def _draw_importances(places: Mapping[str, np.ndarray], accuracy: np.ndarray) -> Chart:
    import altair as alt

    importances, fit = measure_importances(places, accuracy)
    rows = [{"c": key, "v": round(value, DIGITS)} for key, value in importances.items()]
    caption = (
        "Importance of each key: the loss of R² once it is shuffled (a random forest's permutation "
        f"importance; Breiman, 2001). On cells that it has not seen the forest has R² = {fit:.2f}"
        + ("" if fit > 0 else ", so this says nothing")
    )
    told = [alt.Tooltip("c:N", title="key"), alt.Tooltip("v:Q", title="loss of R²", format=".3f")]
    drawn = (
        alt.Chart(alt.NamedData("keys"))
        .mark_bar(color=PALETTE[0])
        .encode(alt.X("v:Q", title="loss of R²"), alt.Y("c:N", title=None, sort="-x"), tooltip=told)
        .properties(width=WIDTH, height=20 + 26 * len(rows))
    )
    return make_chart(caption, drawn, {"keys": rows})


def _draw_parallel(
    cells: Sequence[grid.Cell], places: Mapping[str, np.ndarray], accuracy: np.ndarray
) -> Chart:
    """A line for each cell through its values and its accuracy, which is also its colour."""
    import altair as alt

    axes = {**places, "validation accuracy": place_values([repr(float(v)) for v in accuracy])}
    shown = np.argsort(-accuracy, kind="stable")
    if len(shown) > MOST_LINES:
        shown = np.concatenate([shown[: MOST_LINES // 2], shown[-MOST_LINES // 2 :]])
    rows = [
        {
            **{"k": key, "p": round(float(where[number]), DIGITS)},
            **{"c": grid.label(cells[number]), "v": round(float(accuracy[number]), DIGITS)},
        }
        for number in shown
        for key, where in axes.items()
    ]
    ticks = [
        {"k": key, "p": round(float(where), DIGITS), "t": text}
        for key in axes
        for where, text in _list_ticks(key, cells, axes[key], accuracy)
    ]
    x = alt.X("k:N", title=None, sort=list(axes), axis=alt.Axis(labelAngle=0, domain=False))
    y = alt.Y("p:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    colour = alt.Color(
        "v:Q", scale=alt.Scale(scheme="viridis"), legend=alt.Legend(format="~%", type="gradient")
    )
    told = [alt.Tooltip("c:N", title="cell"), alt.Tooltip("v:Q", title="accuracy", format=".1%")]
    lines = alt.Chart(alt.NamedData("cells")).encode(x, y, colour, detail="c:N", tooltip=told)
    texts = alt.Chart(alt.NamedData("ticks")).encode(x, y)
    drawn = alt.layer(
        texts.mark_rule(color=SOFT, opacity=0.5).encode(y=alt.value(0), y2=alt.value(HEIGHT + 60)),
        lines.mark_line(strokeWidth=1.2, opacity=0.6),
        texts.mark_text(align="left", dx=4, fontSize=10, color=SOFT).encode(text="t:N"),
    ).properties(width=WIDTH + 60, height=HEIGHT + 60)
    caption = "Every cell as a line through its values to its validation accuracy"
    return make_chart(caption, drawn, {"cells": rows, "ticks": ticks})


def _list_ticks(
    key: str, cells: Sequence[grid.Cell], places: np.ndarray, accuracy: np.ndarray
) -> list[tuple[float, str]]:
    """Some of an axis's values, each with its place."""
    if key in cells[0]:
        values = {float(where): cell[key] for where, cell in zip(places, cells, strict=True)}
    else:
        values = {float(p): f"{value:.1%}" for p, value in zip(places, accuracy, strict=True)}
    ordered = sorted(values.items())
    chosen = np.unique(np.linspace(0, len(ordered) - 1, min(TICKS, len(ordered))).round())
    return [ordered[int(number)] for number in chosen]

"""Charts of many runs: how their numbers are distributed, in place of each run by itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.report.panels import DIGITS, show_percent
from hhexp.analysis.report.scope import RANKED_BY
from hhexp.analysis.report.vega import HEIGHT, INK, PALETTE, WIDTH, Chart, Rows, make_chart
from hhexp.analysis.results import Results

if TYPE_CHECKING:
    import altair as alt

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Between the outer two lie 90 % of the runs, between the inner two half of them."""
FIELDS = ("q05", "q25", "v", "q75", "q95")
MOST_VALUES = 16
"""Values of a key that each get a row; more, if they are numbers, become an axis."""


def draw_bands(
    curves: Mapping[str, np.ndarray],
    names: Mapping[str, str],
    x: "alt.X",
    make_y: "Callable[[str], alt.Y]",
    colour: "alt.Color",
) -> tuple[list[Any], dict[str, Rows]]:
    """Layers of curves as their median in a band of half of them, in one of 90 %; and their data.

    A seed that diverged is left out from there on.

    Args:
        curves: by split, each [S, E].
        names: of the splits.
        x: the axis of epochs.
        make_y: that of the values, which are in a field.
        colour: by split.
    """
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"e": epoch, "k": names[split], **_measure_spread(values[~np.isnan(values)])}
        for split, each in curves.items()
        for epoch, values in enumerate(each.T, start=1)
        if not np.isnan(values).all()
    ]
    base = alt.Chart(alt.NamedData("bands")).encode(x, colour)
    layers: list[Any] = [
        base.mark_area(opacity=opacity, clip=True).encode(make_y(low), alt.Y2(high))
        for low, high, opacity in (("q05", "q95", 0.15), ("q25", "q75", 0.3))
    ]
    dot: Any = {"size": 30} if max((row["e"] for row in rows), default=1) == 1 else False
    layers.append(base.mark_line(strokeWidth=2.2, clip=True, point=dot).encode(make_y("v")))
    return layers, {"bands": rows}


def draw_spreads(results: Results, shown: Sequence[Cell]) -> Chart:
    """Validation accuracy of each cell at the last epoch, as ``_draw_rows``."""
    rows = {
        grid.label(cell): list(results.measure_cell(cell, RANKED_BY, "last").values())
        for cell in shown
    }
    return _draw_rows("Validation accuracy at the last epoch", rows)


def draw_by_key(results: Results, key: str) -> Chart:
    """Validation accuracy of all cells at the last epoch by the value of a key.

    A key of a few values has a row for each; one of many numbers is an axis, with a dot a run; of
    one of many words there is a histogram.
    """
    import altair as alt

    caption = f"Validation accuracy by {key}"
    rows: dict[str, list[dict[str, Any]]] = {}
    for cell in results.cells:
        runs = results.of(cell)
        rows.setdefault(cell[key], []).extend(
            {"v": round(value, DIGITS), "s": seed, "r": runs[seed].run.run_id[:8]}
            for seed, value in results.measure_cell(cell, RANKED_BY, "last").items()
        )
    if len(rows) <= MOST_VALUES:
        values = {f"{key}={value}": [row["v"] for row in found] for value, found in _sort(rows)}
        return _draw_rows(caption, values)
    dots = [{**row, "x": text} for text, found in rows.items() for row in found]
    numbers = _read_numbers(rows)
    if numbers is None:
        drawn = alt.Chart(alt.NamedData("runs")).mark_bar(color=PALETTE[0])
        across = alt.X("v:Q", bin=alt.Bin(maxbins=30), title=None, axis=alt.Axis(format="~%"))
        drawn = drawn.encode(across, alt.Y("count():Q", title="runs"))
        return make_chart(caption, drawn.properties(width=WIDTH, height=HEIGHT), {"runs": dots})
    places = dict(zip(rows, numbers, strict=True))
    dots = [{**dot, "x": places[dot["x"]]} for dot in dots]
    is_log = min(numbers) > 0 and max(numbers) > 30 * min(numbers)
    scale = alt.Scale(type="log" if is_log else "linear", nice=False, padding=6, zero=False)
    x = alt.X("x:Q", title=key, scale=scale, axis=alt.Axis(grid=False, tickCount=6))
    y = alt.Y("v:Q", title=None, axis=alt.Axis(format="~%"), scale=alt.Scale(zero=False))
    told = [
        alt.Tooltip("x:Q", title=key),
        alt.Tooltip("s:N", title="seed"),
        alt.Tooltip("r:N", title="run"),
        alt.Tooltip("v:Q", title="value", format=".1%"),
    ]
    drawn = alt.Chart(alt.NamedData("runs")).mark_circle(size=16, opacity=0.4, color=PALETTE[0])
    drawn = drawn.encode(x, y, tooltip=told).properties(width=WIDTH, height=HEIGHT)
    return make_chart(caption, drawn, {"runs": dots})


def _draw_rows(caption: str, rows: Mapping[str, Sequence[float]]) -> Chart:
    """A row for each name: a thin line for 90 % of the runs, a thick one for half, a median."""
    import altair as alt

    spreads: list[dict[str, Any]] = [
        {"c": name, "n": len(values), **_measure_spread(np.array(values))}
        for name, values in rows.items()
        if values
    ]
    labels = list(rows)
    y = alt.Y("c:N", title=None, sort=labels, scale=alt.Scale(domain=labels))
    colour = alt.Color("c:N", legend=None, scale=alt.Scale(domain=labels))
    low, high = (
        end([row[field] for row in spreads], default=edge)
        for end, field, edge in ((min, "q05", 0.0), (max, "q95", 1.0))
    )
    room = max(0.01, 0.06 * (high - low))
    x = show_percent("v", max(0, low - room), min(1.01, high + room), across=True)
    told = [alt.Tooltip("c:N", title="of"), alt.Tooltip("n:Q", title="runs")] + [
        alt.Tooltip(f"{field}:Q", title=title, format=".1%")
        for field, title in zip(FIELDS, ("5 %", "25 %", "median", "75 %", "95 %"), strict=True)
    ]
    base = alt.Chart(alt.NamedData("spreads")).encode(y, colour, tooltip=told)
    drawn = alt.layer(
        base.mark_rule(strokeWidth=1.2).encode(x=alt.X("q05:Q", title=None), x2="q95:Q"),
        base.mark_rule(strokeWidth=6).encode(x=alt.X("q25:Q", title=None), x2="q75:Q"),
        base.mark_tick(thickness=2, size=13).encode(x, color=alt.value(INK)),
    ).properties(width=WIDTH, height=20 + 22 * max(4, len(labels)))
    return make_chart(caption, drawn, {"spreads": spreads})


def _measure_spread(values: np.ndarray) -> dict[str, float]:
    """The quantiles of some numbers, by the fields of a chart."""
    found = np.quantile(values, QUANTILES)
    return {field: round(float(q), DIGITS) for field, q in zip(FIELDS, found, strict=True)}


def _sort(rows: Mapping[str, list[Any]]) -> list[tuple[str, list[Any]]]:
    """The rows by rising value where all are numbers, else as they are."""
    numbers = _read_numbers(rows)
    if numbers is None:
        return list(rows.items())
    ordered = sorted(zip(numbers, rows.items(), strict=True), key=lambda pair: pair[0])
    return [row for _, row in ordered]


def _read_numbers(texts: Iterable[str]) -> list[float] | None:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return None

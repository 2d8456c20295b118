"""The chart of every seed: how the seeds of each cell differ, at any epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hhexp.analysis import grid
from hhexp.analysis.folds import measure_interval
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import mask_infinite
from hhexp.analysis.report.panels import DIGITS, PICKED, list_points, show_percent
from hhexp.analysis.report.vega import INK, WIDTH, Chart, make_chart
from hhexp.analysis.results import Results
from hhexp.analysis.statistics import mean_interval

if TYPE_CHECKING:
    import altair as alt

ROW = 46
"""Height of a cell's row, in pixels."""


def draw_every_seed(results: Results, shown: Sequence[Cell]) -> Chart:
    """A dot for each seed's or fold's validation accuracy, the mean with its interval, and what was
    published; at the last epoch, or at the one that a reader picks."""
    import altair as alt

    labels = [grid.label(cell) for cell in shown]
    dots, means = [], []
    for cell in shown:
        row = _list_dots(results, cell)
        dots += row
        means += _list_means(results, cell, row)
    data = {"runs": dots, "means": means, "published": _list_published(results, shown)}
    values = [each["v"] for rows in data.values() for each in rows if "v" in each]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = max(0.01, 0.06 * (high - low))
    x = show_percent("v", max(0, low - room), min(1.01, high + room), across=True)
    rows = alt.Scale(domain=labels, paddingInner=0, paddingOuter=0)
    y = alt.Y("c:N", title=None, scale=rows, axis=alt.Axis(domain=False, ticks=False))
    colour = alt.Color("c:N", legend=None, scale=alt.Scale(domain=labels))
    now = "datum.e === null || datum.e === min(at || datum.z, datum.z)"

    def base(name: str, shift: int) -> "alt.Chart":
        chart = alt.Chart(alt.NamedData(name)).transform_filter(now)
        return chart.encode(x, y, colour, yOffset=alt.value(ROW / 2 + shift))

    told = [
        alt.Tooltip("c:N", title="of"),
        alt.Tooltip("s:N", title=_name_dot(dots)),
        alt.Tooltip("r:N", title="run"),
        alt.Tooltip("e:Q", title="epoch"),
        alt.Tooltip("v:Q", title="value", format=".4~f"),
    ]
    opacity = alt.condition(PICKED, alt.value(0.5), alt.value(0.08))
    layers: list[Any] = [
        base("runs", -5).mark_circle(size=42).encode(opacity=opacity, tooltip=told),
        base("means", 9).mark_rule(strokeWidth=2).encode(x=alt.X("l:Q"), x2="h:Q"),
        base("means", 9).mark_tick(thickness=2, size=11),
    ]
    if data["published"]:
        rule = base("published", -15).transform_filter("!at")
        layers.append(rule.mark_point(shape="diamond", size=50).encode(color=alt.value(INK)))
    drawn = alt.layer(*layers).properties(width=WIDTH, height=ROW * len(shown))
    return make_chart("Validation accuracy of every seed", drawn, data)


def _name_dot(dots: Sequence[Mapping[str, Any]]) -> str:
    return "fold" if any(each["e"] is None for each in dots) else "seed"


def _list_dots(results: Results, cell: Cell) -> list[dict[str, Any]]:
    """A row for each seed and epoch of a cell; of folds, one each, at the last epoch."""
    label = grid.label(cell)
    if folds := results.measure_folds(cell, "val/accuracy", "last"):
        return [
            {"c": label, "v": round(value, DIGITS), "s": fold, "e": None, "z": 0, "r": ""}
            for fold, value in folds.items()
        ]
    rows = []
    for seed, result in results.of(cell).items():
        values = mask_infinite(result.history.get("val/accuracy", ()))
        same = {"c": label, "s": seed, "r": result.run.run_id[:8], "z": len(values)}
        rows += list_points(values, **same)
    return rows


def _list_means(
    results: Results, cell: Cell, dots: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The mean of a cell's seeds with its interval, at each epoch."""
    label = grid.label(cell)
    epochs = sorted({each["e"] for each in dots if each["e"] is not None})
    found = [
        (epoch, mean_interval([each["v"] for each in dots if each["e"] == epoch]))
        for epoch in epochs
    ] or [(None, measure_interval(results, cell, "val/accuracy", "last"))]
    return [
        {
            **{"c": label, "s": None, "e": epoch, "z": max(epochs, default=0)},
            **{"v": round(mean.mean, DIGITS), "l": round(mean.low, DIGITS)},
            "h": round(mean.high, DIGITS),
        }
        for epoch, mean in found
        if mean.count > 1
    ]


def _list_published(results: Results, shown: Sequence[Cell]) -> list[dict[str, Any]]:
    """The published accuracies of these cells."""
    reference = results.study.reference if results.study else None
    return [
        {"c": grid.label(cell), "v": each.middle, "e": None, "z": 0}
        for cell in shown
        for each in (reference.figures if reference else ())
        if (each.metric, each.statistic) == ("val/accuracy", "last") and grid.holds(each.cell, cell)
    ]

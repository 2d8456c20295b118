"""The report's charts: one small panel each, so that a phone shows them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import mask_infinite
from hhexp.analysis.report.distributions import draw_bands, draw_by_key, draw_spreads
from hhexp.analysis.report.panels import (
    PICKED,
    average,
    list_points,
    make_slugs,
    number_epochs,
    show_percent,
    stack_curves,
)
from hhexp.analysis.report.scope import Scope
from hhexp.analysis.report.seeds import draw_every_seed
from hhexp.analysis.report.vega import (
    FAINT,
    HEIGHT,
    SOFT,
    TRAIN,
    VALIDATION,
    WIDTH,
    Chart,
    make_chart,
)
from hhexp.analysis.results import Results

if TYPE_CHECKING:
    import altair as alt

SPLITS = {"train": "training", "val": "validation"}


def draw_charts(results: Results, scope: Scope) -> dict[str, Chart]:
    """All charts, by the names of their files without ending."""
    finished = scope.drawn
    slugs = make_slugs([grid.label(cell) for cell in finished])
    made: dict[str, Chart] = {}
    for name in ("accuracy", "loss"):
        tops = [_find_highest(results, cell, name) for cell in finished]
        # One scale for all, except for a cell that would make the others look flat.
        shared = max(top for top in tops if top <= 4 * float(np.median(tops)))
        for cell, slug, top in zip(finished, slugs, tops, strict=True):
            made[f"{name}_{slug}"] = draw_learning_curve(
                results, cell, name, max(top, shared), scope.shows_runs
            )
    made["validation_accuracy"] = (
        draw_every_seed(results, finished) if scope.shows_runs else draw_spreads(results, finished)
    )
    made["accuracy_gap"] = draw_gap(results, finished)
    keys = list(results.cells[0]) if scope.has_many_cells else []
    for key, slug in zip(keys, make_slugs(keys), strict=True):
        made[f"by_{slug}"] = draw_by_key(results, key)
    return made


def draw_learning_curve(
    results: Results, cell: Cell, name: str, top: float, shows_runs: bool = True
) -> Chart:
    """Training against validation by epoch: each seed thin, their mean thick; or as bands.

    Args:
        results: hold the cell's runs.
        cell: the cell.
        name: accuracy or loss.
        top: the upper end of the axis of a loss.
        shows_runs: whether each seed has its line; else bands show how they are distributed.
    """
    import altair as alt

    runs = results.of(cell)
    curves = {
        split: stack_curves([result.history for result in runs.values()], f"{split}/{name}")
        for split in SPLITS
    }
    epochs = max((each.shape[1] for each in curves.values()), default=1)
    low = min((np.nanmin(each) for each in curves.values() if np.isfinite(each).any()), default=0)

    def make_y(field: str) -> alt.Y:
        if name == "accuracy":
            return show_percent(field, 0.4 if low > 0.4 else 0.0, 1.01)
        scale = alt.Scale(domain=[0, top], nice=False)
        return alt.Y(f"{field}:Q", title="nats", scale=scale)

    colour = alt.Color("k:N", scale=alt.Scale(domain=[*SPLITS.values()], range=[TRAIN, VALIDATION]))
    x = number_epochs(epochs)
    title = f"{name.capitalize()}, {grid.label(cell)}"
    if not shows_runs:
        layers, data = draw_bands(curves, SPLITS, x, make_y, colour)
    else:
        y = make_y("v")
        layers = [
            _draw_runs(x, y, colour),
            _draw_means(x, y, colour, dots=epochs == 1),
            _mark_epoch(x),
            _draw_hover(x, y, colour),
        ]
        data = {
            "runs": [
                point
                for seed, result in runs.items()
                for split, word in SPLITS.items()
                for point in list_points(
                    mask_infinite(result.history.get(f"{split}/{name}", ())),
                    **{"k": word, "s": seed, "r": result.run.run_id[:8]},
                )
            ],
            "means": [
                point
                for split, word in SPLITS.items()
                for point in list_points(average(curves[split]), k=word)
            ],
        }
    drawn = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)
    return make_chart(title, drawn, data)


def _draw_runs(x: "alt.X", y: "alt.Y", colour: "alt.Color") -> "alt.Chart":
    import altair as alt

    shown = alt.condition(PICKED, alt.value(0.42), alt.value(0.06))
    return (
        alt.Chart(alt.NamedData("runs"))
        .mark_line(strokeWidth=0.9, clip=True)
        .encode(x, y, colour, detail="s:N", opacity=shown)
    )


def _draw_means(x: "alt.X", y: "alt.Y", colour: "alt.Color", *, dots: bool) -> "alt.Chart":
    import altair as alt

    shown = alt.condition("chosen === null", alt.value(1), alt.value(0.25))
    return (
        alt.Chart(alt.NamedData("means"))
        .mark_line(strokeWidth=2.4, clip=True, point=dots)
        .encode(x, y, colour, opacity=shown)
    )


def _mark_epoch(x: "alt.X") -> "alt.Chart":
    """A line at the epoch that a reader has picked."""
    import altair as alt

    return (
        alt.Chart(alt.NamedData("means"))
        .transform_filter("at > 0 && datum.e === at")
        .mark_rule(color=SOFT, strokeDash=[3, 2])
        .encode(x)
    )


def _draw_hover(x: "alt.X", y: Any, colour: Any, what: str = "k") -> "alt.Chart":
    """Where the script draws: the point under the mouse, with all that is known of it."""
    import altair as alt

    # Not the nearest point: over its areas Vega-Lite 6.4 loses the words of a tooltip.
    near = alt.selection_point(name="near", on="pointerover", empty=False, clear="pointerout")
    told = [
        alt.Tooltip(f"{what}:N", title="of"),
        alt.Tooltip("s:N", title="seed"),
        alt.Tooltip("r:N", title="run"),
        alt.Tooltip("e:Q", title="epoch"),
        alt.Tooltip("v:Q", title="value", format=".4~f"),
    ]
    return (
        alt.Chart(alt.NamedData("runs"))
        .transform_filter("live")
        .transform_filter(PICKED)
        .mark_point(filled=True, size=90, clip=True)
        .encode(x, y, colour, opacity=alt.condition(near, alt.value(1), alt.value(0)), tooltip=told)
        .add_params(near)
    )


def draw_gap(results: Results, shown: Sequence[Cell]) -> Chart:
    """Training − validation accuracy by epoch, the mean of each cell's seeds.

    Cells that differ in their epochs alone share their first epochs: the shorter's line lies on the
    longer's, which is thicker, and ends in a dot.
    """
    import altair as alt

    means = {}
    for cell in shown:
        histories = [result.history for result in results.of(cell).values()]
        train, val = (stack_curves(histories, f"{split}/accuracy") for split in SPLITS)
        if train.size and train.shape == val.shape:
            means[grid.label(cell)] = average(train - val)
    lengths = sorted({len(mean) for mean in means.values()}, reverse=True)
    rows = []
    for label, mean in means.items():
        wide = 1.6 + 3.4 * (1 - lengths.index(len(mean)) / max(1, len(lengths) - 1))
        width = wide if len(lengths) > 1 else 2.2
        rows += list_points(mean, c=label, w=round(width, 1), z=len(mean))
    ordered = sorted(rows, key=lambda row: -row["z"])
    x = number_epochs(max(lengths, default=1))
    y = alt.Y("v:Q", title="training − validation accuracy", axis=alt.Axis(format="~%"))
    scale = alt.Scale(domain=list(means))
    colour = alt.Color("c:N", legend=alt.Legend(columns=2), scale=scale)
    base = alt.Chart(alt.NamedData("means"))
    told = [
        alt.Tooltip("c:N", title="of"),
        alt.Tooltip("e:Q", title="epoch"),
        alt.Tooltip("v:Q", title="gap", format=".1%"),
    ]
    lines = [
        base.transform_filter(f"datum.z === {length}")
        .mark_line()
        .encode(x, y, colour, strokeWidth=alt.StrokeWidth("w:Q", scale=None), detail="c:N")
        for length in lengths
    ]
    ends = base.transform_filter("live || datum.e === datum.z").mark_circle(size=44)
    at_end = alt.condition("datum.e === datum.z", alt.value(1), alt.value(0))
    drawn = alt.layer(
        base.mark_rule(color=FAINT).encode(y=alt.datum(0)),
        *lines,
        ends.encode(x, y, colour, tooltip=told, opacity=at_end),
        _mark_epoch(x),
    ).properties(width=WIDTH, height=HEIGHT)
    return make_chart("Generalisation gap by epoch", drawn, {"means": ordered})


def _find_highest(results: Results, cell: Cell, name: str) -> float:
    """The upper end of an axis that shows a cell's mean curves; a single seed may leave it."""
    histories = [result.history for result in results.of(cell).values()]
    means = [average(stack_curves(histories, f"{split}/{name}")) for split in SPLITS]
    finite = [value for mean in means for value in mean if np.isfinite(value)]
    return 1.1 * max(finite, default=1.0)

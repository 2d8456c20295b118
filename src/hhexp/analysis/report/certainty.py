"""How sure the models are, and how right: ROC and calibration of each cell after its last epoch.

On the test images where the runs have their answers to them, else on the validation images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.report.panels import DIGITS
from hhexp.analysis.report.vega import FAINT, HEIGHT, WIDTH, Chart, make_chart
from hhexp.analysis.results import Results
from hhexp.experiment.answers import FILE, TEST_FILE, Answers, read_answers
from hhexp.limits import ANSWERS_BYTES
from hhexp.tracking.artifacts import read_contents

GRID = np.linspace(0, 1, 101)
"""False positive rates at which the curves of several seeds are averaged."""
BINS = 10
"""Bins of equal width of the calibration."""
MOST_RUNS = 200
"""Runs whose answers are read; with more there are no such charts."""


@dataclass(frozen=True)
class Last:
    """A run's answers after its last epoch."""

    probabilities: np.ndarray
    """[N, C] float32."""
    labels: np.ndarray
    """[N] int64."""


def draw_certainty(results: Results, shown: Sequence[Cell]) -> dict[str, Chart]:
    """The charts by the names of their files; none where the runs lack answers or are many."""
    if sum(len(results.of(cell)) for cell in shown) > MOST_RUNS:
        return {}
    for file, split in ((TEST_FILE, "test"), (FILE, "validation")):
        found = {grid.label(cell): _read(results, cell, file) for cell in shown}
        if known := {name: answers for name, answers in found.items() if answers}:
            return {"roc": _draw_roc(known, split), "calibration": _draw_calibration(known, split)}
    return {}


def _read(results: Results, cell: Cell, file: str) -> list[Last]:
    """The answers of a cell's runs that have them, without those of diverged runs."""
    runs = [part.run for each in results.of(cell).values() for part in each.parts]
    places = {run.run_id: run.artifacts for run in runs if run.artifacts}
    contents = read_contents(results.store, places, file, ANSWERS_BYTES)
    found = [
        _take_last(read_answers(content, run_id))
        for run_id, content in zip(places, contents, strict=True)
        if content is not None
    ]
    return [each for each in found if np.isfinite(each.probabilities).all()]


def _take_last(answers: Answers) -> Last:
    return Last(answers.probabilities[-1].copy(), answers.labels)


def trace_roc(answers: Last) -> np.ndarray:
    """[len(GRID)] the true positive rate at each false positive rate.

    Of two classes that of the second; of more the mean over the classes, each against all others
    (macro). Several seeds are averaged at equal false positive rates (T. Fawcett, An introduction
    to ROC analysis, Pattern Recogn. Lett. 27, 2006, section 8.1).
    """
    from sklearn.metrics import roc_curve

    present = [int(each) for each in np.unique(answers.labels)]
    asked = present[-1:] if answers.probabilities.shape[1] == 2 else present
    if len(present) < 2:
        return np.full(len(GRID), np.nan)
    curves = []
    for index in asked:
        across, up, _ = roc_curve(answers.labels == index, answers.probabilities[:, index])
        curves.append(np.interp(GRID, across, up))
    return np.asarray(np.mean(curves, axis=0))


def measure_bins(answers: Sequence[Last]) -> list[dict[str, float]]:
    """For each bin of confidence that has answers: their mean confidence, the share that is right,
    and how many they are, over all seeds."""
    confidence = np.concatenate([each.probabilities.max(axis=1) for each in answers])
    right = np.concatenate([each.probabilities.argmax(axis=1) == each.labels for each in answers])
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    return [
        {
            "x": round(float(confidence[bins == number].mean()), DIGITS),
            "v": round(float(right[bins == number].mean()), DIGITS),
            "n": int((bins == number).sum()),
        }
        for number in np.unique(bins)
    ]


def _draw_roc(answers: Mapping[str, Sequence[Last]], split: str) -> Chart:
    curves = {
        name: np.mean([trace_roc(run) for run in runs], axis=0) for name, runs in answers.items()
    }
    areas = {name: float(np.trapezoid(curve, GRID)) for name, curve in curves.items()}
    names = {name: f"{name}, AUC {areas[name]:.3f}" for name in curves}
    rows = [
        {"c": names[name], "x": round(float(x), DIGITS), "v": round(float(y), DIGITS)}
        for name, curve in curves.items()
        for x, y in zip(GRID, curve, strict=True)
        if y == y
    ]
    caption = f"ROC on the {split} images, the mean over the seeds"
    axes = "false positive rate", "true positive rate"
    return _draw(caption, rows, list(names.values()), axes, dots=False)


def _draw_calibration(answers: Mapping[str, Sequence[Last]], split: str) -> Chart:
    rows = [{"c": name, **each} for name, runs in answers.items() for each in measure_bins(runs)]
    caption = f"Calibration on the {split} images: below the diagonal, too sure"
    axes = "confidence", "share that is right"
    return _draw(caption, rows, list(answers), axes, dots=True)


def _draw(
    caption: str,
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    axes: tuple[str, str],
    *,
    dots: bool,
) -> Chart:
    """Lines in the unit square, with its diagonal."""
    import altair as alt

    unit = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("x:Q", title=axes[0], scale=unit, axis=alt.Axis(format="~%", tickCount=5))
    y = alt.Y("v:Q", title=axes[1], scale=unit, axis=alt.Axis(format="~%", tickCount=5))
    scale = alt.Scale(domain=list(names))
    colour = alt.Color("c:N", scale=scale, legend=alt.Legend(columns=2 if dots else 1))
    told = [
        alt.Tooltip("c:N", title="of"),
        alt.Tooltip("x:Q", title=axes[0], format=".1%"),
        alt.Tooltip("v:Q", title=axes[1], format=".1%"),
        *([alt.Tooltip("n:Q", title="answers")] if dots else []),
    ]
    diagonal = alt.Chart(alt.NamedData("diagonal")).mark_line(color=FAINT, strokeDash=[4, 3])
    base = alt.Chart(alt.NamedData("curves")).encode(x, y, colour)
    layers = [diagonal.encode(x, y), base.mark_line(strokeWidth=1.8)]
    points = base.mark_circle(size=36, opacity=1 if dots else 0)
    layers.append((points if dots else points.transform_filter("live")).encode(tooltip=told))
    drawn = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT + 60)
    corners = [{"x": 0, "v": 0}, {"x": 1, "v": 1}]
    return make_chart(caption, drawn, {"curves": rows, "diagonal": corners})

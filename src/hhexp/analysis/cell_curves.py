"""The learning curves of a sweep's or a study's cells over their seeds, as metrics of its own run.

Such a metric is called ``accuracy/aug_full mean of 5 seeds``: MLflow's UI sorts charts by name, and
puts what is before the last slash over them. Of a study that goes on, more seeds make new curves.
"""

import math
from collections.abc import Sequence

import numpy as np

from hhexp.analysis.grid import label
from hhexp.analysis.metrics import mask_infinite
from hhexp.analysis.report.scope import MANY_CELLS
from hhexp.analysis.results import Result, Results
from hhexp.analysis.selection import OBJECTIVE
from hhexp.analysis.statistics import mean_interval
from hhexp.tracking.names import make_names
from hhexp.tracking.query import StoredRun
from hhexp.tracking.run import TrackedRun

DRAWN = ("val/accuracy", "val/loss", "train/accuracy", "train/loss")
"""The metrics that have curves, beside the runs' objective."""
MOST = 10_000
"""Values that are logged at most, of longer curves those of every second epoch, or third, …: SQLite
takes them in about a second."""

Curve = dict[int, float]
"""Values by epoch."""


def log_curves(results: Results, run: StoredRun) -> None:
    """Log those curves that the run does not have yet."""
    curves = make_curves(results)
    names = make_names(curves)
    missing = {name: curve for name, curve in curves.items() if names[name] not in run.metrics}
    if missing:
        TrackedRun(results.store, run.run_id).log_curves(missing)


def make_curves(results: Results) -> dict[str, Curve]:
    """Each cell's mean over its seeds, with the ends of its 95 % interval where it has several.

    Of more cells than can be told apart in charts there are none.
    """
    cells = {label(cell): list(results.of(cell).values()) for cell in results.cells}
    if len(cells) > MANY_CELLS:
        return {}
    asked = [*DRAWN, *(result.run.params.get(OBJECTIVE, "") for result in results.all)]
    stacked = {
        (metric, cell): values
        for metric in dict.fromkeys(asked)
        for cell, runs in cells.items()
        if len(values := _stack(runs, metric))
    }
    every = math.ceil(3 * sum(len(values[0]) for values in stacked.values()) / MOST)
    curves: dict[str, Curve] = {}
    for (metric, cell), values in stacked.items():
        curves |= _average(f"{_name_section(metric)}/{cell.replace('/', '-')}", values, every)
    return {name: curve for name, curve in curves.items() if curve}


def _stack(runs: Sequence[Result], metric: str) -> np.ndarray:
    """[S, E] A metric of each run, over the epochs that all have; empty where one has none."""
    histories = [mask_infinite(run.history.get(metric, ())) for run in runs]
    shortest = min(map(len, histories), default=0)
    return np.array([history[:shortest] for history in histories if shortest])


def _average(name: str, values: np.ndarray, every: int) -> dict[str, Curve]:
    """The curves of values [S, E], of every so many epochs and the last; where a run has diverged
    they end."""
    count, epochs = values.shape
    seeds = f"of {count} seed{'' if count == 1 else 's'}"
    lower, mean, upper = Curve(), Curve(), Curve()
    for epoch in range(1, epochs + 1):
        if np.isfinite(values[:, epoch - 1]).all() and (epoch % every == 0 or epoch == epochs):
            interval = mean_interval(values[:, epoch - 1].tolist())
            mean[epoch] = interval.mean
            if count > 1:
                lower[epoch], upper[epoch] = interval.low, interval.high
    return {f"{name} {word} {seeds}": curve for word, curve in
            (("lower", lower), ("mean", mean), ("upper", upper))}  # fmt: skip


def _name_section(metric: str) -> str:
    """What MLflow's UI puts over a metric's charts, such that those of the validation come first:
    ``accuracy``, then ``accuracy in training``."""
    split, _, rest = metric.partition("/")
    return {"val": rest, "train": f"{rest} in training"}.get(split, metric)

"""What MLflow's UI shows of a sweep's runs side by side: accuracy and loss first, a line a cell.

The line is the mean over the cell's seeds, with a band from the lowest to the highest. Without a
view MLflow sorts charts by name, ``perf/`` and ``time/`` before ``val/``, and has a line a run.
"""

from collections.abc import Sequence
from typing import Any

from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Results
from hhexp.analysis.selection import OBJECTIVE
from hhexp.tracking.models import BEST_EPOCH
from hhexp.tracking.query import StoredRun
from hhexp.tracking.tags import PARENT, tag_equals

CHARTS = {"val": ["val/accuracy", "val/loss"], "train": ["train/accuracy", "train/loss"]}
"""The charts that come first, by what is written over them; MLflow adds those of all others."""
NAMED = 100
"""Runs that a view names; of more it shows those that were trained for the sweep."""
SHARED = ("loss", "optimizer", "model", "data", "epochs")
"""Parameters of which one is named with those that tell cells apart, where that helps."""
HUES = "orpvnbtgykkeeoooygggmrrrfnbbs"
"""MLflow's colours for groups of runs, in its order, by a letter for the hue."""


def make_view(results: Results, run: StoredRun) -> dict[str, Any]:
    """The state of MLflow's page for an experiment that shows a sweep's or a study's runs, by cell
    where some cell has several."""
    listed = ", ".join(f"'{each.run.run_id}'" for each in results.all)
    named = f"attributes.run_id IN ({listed})"
    asked = named if len(results.all) <= NAMED else tag_equals(PARENT, run.run_id)
    repeated = any(len(results.of(cell)) > 1 for cell in results.cells)
    groups = choose_groups(results.cells, results) if repeated and results.cells[0] else []
    return _make_state(results, asked) | {"groupBy": _group(groups) if groups else None}


def make_view_of_all(results: Results) -> dict[str, Any]:
    """The same that shows all runs of the experiment, the most accurate first: only in the order of
    their start are runs folded into their sweeps, which have none of the columns."""
    return _make_state(results, "") | {"orderByKey": "metrics.`val/accuracy`"}


def _make_state(results: Results, asked: str) -> dict[str, Any]:
    """A view of what is asked for, with the columns and charts of a sweep or a study."""
    objectives = {each.run.params.get(OBJECTIVE, "val/accuracy") for each in results.all}
    params = [*results.cells[0], "seed"]
    metrics = ["val/accuracy", "train/accuracy", BEST_EPOCH]
    metrics += [f"best/{name}" for name in sorted(objectives)]
    return {
        "searchFilter": asked,
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [
            *(f"params.`{name}`" for name in params),
            *(f"metrics.`{name}`" for name in metrics),
        ],
        "useGroupedValuesInCharts": True,
        "runsHiddenMode": "FIRST_20_RUNS",
        "isAccordionReordered": True,
        "compareRunSections": [
            {"uuid": name, "name": name, "display": True, "isReordered": True} for name in CHARTS
        ],
        "compareRunCharts": [
            _draw(metric, section) for section, metrics in CHARTS.items() for metric in metrics
        ],
    }


def choose_groups(cells: Sequence[Cell], results: Results) -> list[str]:
    """The parameters by which runs are grouped into cells.

    MLflow colours a group by a hash of its parameters and values, in which aug=none and aug=full
    are the same: one more parameter, which all runs have the same value of, changes all colours.
    """
    told = list(cells[0])
    first = results.all[0].run.params
    same = [
        name
        for name in SHARED
        if name not in told
        and name in first
        and all(each.run.params.get(name) == first[name] for each in results.all)
    ]
    choices = [told, *([*told, name] for name in same)]

    def count_hues(names: Sequence[str]) -> int:
        values = ({**first, **cell} for cell in cells)
        return len({find_hue({name: each[name] for name in names}) for each in values})

    return max(choices, key=count_hues)  # the first of equals


def find_hue(values: Cell) -> str:
    """The hue in which MLflow draws a group of runs with these parameters."""
    first = second = 0
    for letter in ",".join(f"param.{name}.{value}" for name, value in values.items()):
        first = (first + ord(letter)) % 255
        second = (second + first) % 255
    return HUES[(first | second << 8) % len(HUES)]


def _group(names: Sequence[str]) -> dict[str, Any]:
    keys = [{"mode": "param", "groupByData": name} for name in names]
    return {"aggregateFunction": "average", "groupByKeys": keys}


def _draw(metric: str, section: str) -> dict[str, Any]:
    """A chart of a metric by the epoch."""
    return {
        "uuid": metric,
        "type": "LINE",
        "metricKey": metric,
        "selectedMetricKeys": [metric],
        "metricSectionId": section,
        "runsCountToCompare": 20,
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "scaleType": "linear",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "selectedXAxisMetricKey": "",
        "lineSmoothness": 0,
        "range": {},
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
        "deleted": False,
        "isGenerated": True,
    }

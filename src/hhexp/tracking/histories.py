"""The metrics of runs, epoch by epoch: of many runs in as few questions as a store allows."""

import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hhexp.limits import EPOCHS
from hhexp.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUNS = 100
"""Runs that MLflow's server takes in one question for a metric."""
VALUES = 25_000
"""Values that it gives in one answer; it has no second page."""
ROUTE = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
"""Where it takes the question, which MLflow's client does not ask."""

Histories = dict[str, Sequence[float]]
"""Metrics, each with its values from epoch 1 on."""
Value = tuple[str, int, float]
"""A run's ID, step and value of a metric."""


def read_many(store: Store, metrics: Mapping[str, Sequence[str]]) -> dict[str, Histories]:
    """The histories of runs, by their IDs.

    An epoch that was trained again after a resume has its last value; one that has none is NaN. A
    metric without an epoch, which other programs log with step 0, is left out.

    Args:
        store: where the runs are.
        metrics: by each run's ID, the names of its metrics.

    Raises:
        UserError: a metric's last epoch is beyond ``limits.EPOCHS``.
    """
    read = _choose_reader(store.client())
    found: dict[str, Histories] = {run_id: {} for run_id in metrics}
    ids = list(metrics)
    for start in range(0, len(ids), RUNS):
        run_ids = ids[start : start + RUNS]
        for name in sorted({name for run_id in run_ids for name in metrics[run_id]}):
            asked = [run_id for run_id in run_ids if name in metrics[run_id]]
            for run_id, values in groupby(read(asked, name), lambda value: value[0]):
                if arranged := _arrange(values, f"run {run_id}: its metric {name}"):
                    found[run_id][name] = arranged
    return found


def _arrange(values: Iterator[Value], what: str) -> Sequence[float]:
    """The values from epoch 1 on, of which the later ones count."""
    by_epoch = {step: value for _, step, value in values}
    last = max(by_epoch)
    EPOCHS.check(last, what)
    return array("d", (by_epoch.get(epoch, math.nan) for epoch in range(1, last + 1)))


def _choose_reader(client: "MlflowClient") -> Callable[[Sequence[str], str], Iterator[Value]]:
    """How to ask for a metric of some runs: the answer goes run by run, each by time.

    A server that does not know the question, such as Databricks, is asked for each run.
    """
    from mlflow.exceptions import MlflowException

    def read_each(run_ids: Sequence[str], name: str) -> Iterator[Value]:
        for run_id in run_ids:
            measured = client.get_metric_history(run_id, name)
            for each in sorted(measured, key=lambda metric: metric.timestamp):
                yield run_id, each.step, each.value

    def read_together(run_ids: Sequence[str], name: str) -> Iterator[Value]:
        try:
            values = _ask(client, run_ids, name)
        except MlflowException:
            values = None
        if values is not None and len(values) < VALUES:
            yield from values
        elif values is None or len(run_ids) == 1:
            yield from read_each(run_ids, name)
        else:  # the answer was cut
            half = len(run_ids) // 2
            yield from read_together(run_ids[:half], name)
            yield from read_together(run_ids[half:], name)

    return read_together


def _ask(client: "MlflowClient", run_ids: Sequence[str], name: str) -> list[Value] | None:
    """A metric of several runs in one question; None where the store does not take it.

    Raises:
        MlflowException: the server does not answer it.
    """
    from mlflow.utils.rest_utils import http_request_safe

    store: Any = client._tracking_client.store
    if hasattr(store, "get_metric_history_bulk"):
        found = store.get_metric_history_bulk(list(run_ids), name, VALUES)
        return [(each.run_id, each.step, each.value) for each in found]
    if not hasattr(store, "get_host_creds"):
        return None
    asked = {"run_id": list(run_ids), "metric_key": name, "max_results": VALUES}
    answer = http_request_safe(store.get_host_creds(), ROUTE, "GET", params=asked).json()
    return [(each["run_id"], each["step"], each["value"]) for each in answer["metrics"]]

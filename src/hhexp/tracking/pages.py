"""Addresses of pages of MLflow's UI, from their ``#`` on; before it comes the server's address.

Each names the workflow: without that, MLflow shows an experiment as one of prompts and agents.
"""

from typing import Literal
from urllib.parse import urlencode, urlsplit

from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import PARENT, tag_equals

WORKFLOW = {"workflowType": "machine_learning"}


def locate_server(store: Store) -> str | None:
    """Where the UI of a store's own server is, without a password; None where it has none."""
    if not store.uri.startswith("http"):
        return None
    address = urlsplit(store.uri)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl().rstrip("/")


def locate_experiment(experiment_id: str) -> str:
    """The table of an experiment's runs."""
    return _locate(experiment_id, "runs", WORKFLOW)


def locate_run(run: StoredRun, part: str = "") -> str:
    """A run's page; ``part`` is one of its tabs, such as model-metrics, or artifacts/PATH."""
    return _locate(run.experiment_id, f"runs/{run.run_id}{f'/{part}' if part else ''}", WORKFLOW)


def locate_view(experiment_id: str, key: str, mode: Literal["CHART", "TABLE"]) -> str:
    """A saved view of an experiment, as charts or as a table."""
    asked = {"compareRunsMode": mode, "viewStateShareKey": key}
    return _locate(experiment_id, "runs", WORKFLOW | asked)


def locate_children(sweep: StoredRun) -> str:
    """The charts of a sweep's runs, side by side."""
    asked = {"compareRunsMode": "CHART", "searchFilter": tag_equals(PARENT, sweep.run_id)}
    return _locate(sweep.experiment_id, "runs", WORKFLOW | asked)


def _locate(experiment_id: str, page: str, asked: dict[str, str]) -> str:
    return f"#/experiments/{experiment_id}/{page}?{urlencode(asked)}"

"""Saved views of an experiment in MLflow's UI: which runs, columns and charts it shows.

MLflow keeps a view as a tag of the experiment, which holds what its page would keep in a browser.
It can be chosen there under "Views", and has an address.
"""

import base64
import contextlib
import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

from hhexp.tracking.notes import tag_experiment
from hhexp.tracking.pages import locate_children, locate_experiment, locate_view
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

PREFIX = "mlflow.sharedViewState."
"""MLflow's, of the tags that hold views; what follows is a view's key."""
OURS = "hhexp-"
"""How the keys of our own views begin."""
ALL = "all"
"""The key of the view of all runs; those of a sweep's or a study's runs are the IDs of these."""
KEPT = 50
"""Views of ours that an experiment has at most: each question to a store reads them."""
NAME_LENGTH = 80


def save_view(store: Store, run: StoredRun, state: Mapping[str, Any]) -> None:
    """Save the view of a sweep's or a study's runs, and delete the oldest of more than ``KEPT``.

    Args:
        store: where the run is.
        run: its own run.
        state: of MLflow's page for an experiment.
    """
    from mlflow.exceptions import MlflowException

    client, tag = store.client(), _name_tag(run.run_id)
    ours = _list_ours(client.get_experiment(run.experiment_id).tags)
    _write(store, run.experiment_id, run.run_id, run.name, state)
    for old in [each for each in ours if each not in (tag, _name_tag(ALL))][: -KEPT + 1]:
        with contextlib.suppress(MlflowException):  # another process has deleted it
            client.delete_experiment_tag(run.experiment_id, old)


def save_view_of_all(store: Store, experiment_id: str, state: Mapping[str, Any]) -> None:
    """Save the view of all of an experiment's runs."""
    _write(store, experiment_id, ALL, "All runs", state)


def locate_comparison(store: Store, run: StoredRun) -> str:
    """The page that shows a sweep's or a study's runs side by side: the view of it, if there is."""
    if _has(store, run.experiment_id, run.run_id):
        return locate_view(run.experiment_id, f"{OURS}{run.run_id}", "CHART")
    return locate_children(run)


def locate_all(store: Store, experiment_id: str) -> str:
    """The page that shows an experiment's runs: the view of it, if there is."""
    if _has(store, experiment_id, ALL):
        return locate_view(experiment_id, f"{OURS}{ALL}", "TABLE")
    return locate_experiment(experiment_id)


def _write(store: Store, experiment_id: str, key: str, name: str, state: Mapping[str, Any]) -> None:
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()
    shown = name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
    made = int(time.time() * 1000)
    value = json.dumps({"name": shown, "createdAt": made, "state": f"deflate;{packed}"})
    tag_experiment(store, experiment_id, _name_tag(key), value)


def _has(store: Store, experiment_id: str, key: str) -> bool:
    return _name_tag(key) in store.client().get_experiment(experiment_id).tags


def _name_tag(key: str) -> str:
    return f"{PREFIX}{OURS}{key}"


def _list_ours(tags: Mapping[str, str]) -> list[str]:
    """The tags that hold views of ours, the oldest first."""
    made = {}
    for tag, value in tags.items():
        if tag.startswith(f"{PREFIX}{OURS}"):
            try:
                made[tag] = float(json.loads(value)["createdAt"])
            except (ValueError, KeyError, TypeError):
                made[tag] = 0.0
    return sorted(made, key=made.__getitem__)

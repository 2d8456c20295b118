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
from hhexp.tracking.pages import locate_children, locate_view
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

PREFIX = "mlflow.sharedViewState."
"""MLflow's, of the tags that hold views; what follows is a view's key."""
OURS = "hhexp-"
"""How the keys of our own views begin."""
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

    packed = base64.b64encode(zlib.compress(json.dumps(state).encode(), 9)).decode()
    name = run.name if len(run.name) <= NAME_LENGTH else f"{run.name[: NAME_LENGTH - 1]}…"
    made = int(time.time() * 1000)
    value = json.dumps({"name": name, "createdAt": made, "state": f"deflate;{packed}"})
    client = store.client()
    ours = _list_ours(client.get_experiment(run.experiment_id).tags)
    tag_experiment(store, run.experiment_id, _name_tag(run), value)
    for tag in [tag for tag in ours if tag != _name_tag(run)][: -KEPT + 1]:
        with contextlib.suppress(MlflowException):  # another process has deleted it
            client.delete_experiment_tag(run.experiment_id, tag)


def locate_comparison(store: Store, run: StoredRun) -> str:
    """The page that shows a sweep's or a study's runs side by side: the view of it, if there is."""
    experiment = store.client().get_experiment(run.experiment_id)
    if _name_tag(run) in experiment.tags:
        return locate_view(run.experiment_id, _name_key(run))
    return locate_children(run)


def _name_key(run: StoredRun) -> str:
    return f"{OURS}{run.run_id}"


def _name_tag(run: StoredRun) -> str:
    return f"{PREFIX}{_name_key(run)}"


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

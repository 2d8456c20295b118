"""Names of metrics with their classes as the images' folders have them.

MLflow takes few letters in a name, so a run logs the recall of the class "c#" as that of "c_".
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from hhexp.errors import UserError
from hhexp.tracking.models import read_classes
from hhexp.tracking.names import make_names
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store


def restore_names(store: Store, runs: Sequence[StoredRun]) -> dict[str, str]:
    """The metrics of these runs whose class has other letters in its folder: logged to true name.

    A run is asked for its classes only where a name may have lost letters, and once for all runs
    with the same metrics.
    """
    asked: dict[tuple[str, ...], str] = {}
    for run in runs:
        changed = tuple(name for name in run.metrics if _may_be_changed(name))
        if changed and run.status == "FINISHED":
            asked.setdefault(changed, run.run_id)
    found: dict[str, str] = {}
    for names, run_id in asked.items():
        with contextlib.suppress(UserError):  # a run without classes keeps MLflow's names
            found = {**_match(names, read_classes(store, run_id)), **found}
    return found


def rename(values: Mapping[str, float], names: Mapping[str, str]) -> dict[str, float]:
    """Values by metric, under the metrics' true names."""
    return {names.get(name, name): value for name, value in values.items()}


def _may_be_changed(name: str) -> bool:
    return name.count("/") > 1 and "_" in name.rpartition("/")[2]


def _match(names: Iterable[str], classes: Sequence[str]) -> dict[str, str]:
    """The true name of each, where it is another."""
    found: dict[str, str] = {}
    for kind in {name.rpartition("/")[0] for name in names}:
        logged = make_names(f"{kind}/{each}" for each in classes)
        found |= {safe: true for true, safe in logged.items() if safe != true}
    return found

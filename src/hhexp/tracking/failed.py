"""Runs that failed, which nobody needs any more."""

from collections.abc import Sequence

from hhexp.tracking.query import StoredRun, find_children, find_matching
from hhexp.tracking.store import Store


def find_failed(store: Store) -> list[StoredRun]:
    """The runs, reproductions and sweeps that FAILED; a sweep only where all of its runs did.

    KILLED runs are not among them: the same command continues these.
    """
    found = find_matching(store, "attributes.status = 'FAILED'")
    own = [run for run in found if run.kind is not None]
    failed = {run.run_id for run in own}
    return [
        run
        for run in own
        if run.kind != "sweep"
        or all(child.run_id in failed for child in find_children(store, run.run_id))
    ]


def delete_runs(store: Store, runs: Sequence[StoredRun]) -> None:
    """Mark runs as deleted, as MLflow does: its own commands restore them, or remove them."""
    client = store.client()
    for run in runs:
        client.delete_run(run.run_id)

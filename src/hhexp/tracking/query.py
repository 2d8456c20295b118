"""Runs read back from a store, as plain values."""

import difflib
import itertools
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hhexp.errors import UserError
from hhexp.tracking import database
from hhexp.tracking.histories import read_many
from hhexp.tracking.store import Store
from hhexp.tracking.tags import (
    FIRST_STAGE,
    KIND,
    PARENT,
    REPRODUCED,
    REPRODUCED_BY,
    STOPPED,
    tag_equals,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ID_LENGTH = 32
"""Hexadecimal digits in a run's ID."""
PAGE = 500
"""Runs fetched in one call, at most: each takes MLflow some milliseconds."""
FEW = 20
"""First stages that are looked for one by one."""
NAMED = 4
"""Runs that a message names."""
SYSTEM = "system/"
"""How MLflow calls what it measures of the machine, every some seconds."""
IDS = 100
"""IDs in one question."""


class NoSuchRunError(UserError):
    """The store can be read, and has no run with that ID."""


@dataclass(frozen=True)
class StoredRun:
    """A run, without its metrics' values and its artifacts."""

    run_id: str
    name: str
    status: str
    """RUNNING, SCHEDULED, FINISHED, FAILED or KILLED."""
    params: dict[str, str]
    tags: dict[str, str]
    start: datetime
    """In UTC."""
    end: datetime | None
    parent_id: str | None
    metrics: tuple[str, ...] = ()
    """The names of its metrics."""
    artifacts: str = ""
    """The address of its artifacts."""
    models: tuple[str, ...] = ()
    """The IDs of the models that it logged."""
    experiment_id: str = ""
    """Of the experiment that it is in."""

    @property
    def kind(self) -> str | None:
        """Run, sweep, study or reproduction; None where hhexp did not make it."""
        return self.tags.get(KIND)

    @property
    def outcome(self) -> str:
        """The status; but STOPPED where a search has ended the run, for which MLflow has none."""
        return "STOPPED" if self.status == "KILLED" and STOPPED in self.tags else self.status


def find_run(store: Store, prefix: str) -> StoredRun:
    """The run with that ID, or the only one whose ID starts with it.

    Raises:
        NoSuchRunError: there is none.
        UserError: there is more than one, or the store cannot be used.
    """
    wanted = prefix.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{1,32}", wanted):
        raise UserError(
            f"{prefix!r} is not a run ID ({ID_LENGTH} hex digits, or the first of them)"
        )
    ids = _find_ids(store, f"{wanted}%", NAMED + 1)
    if not ids:
        if deleted := _find_ids(store, f"{wanted}%", 1, deleted=True):
            raise NoSuchRunError(
                f"run {deleted[0]} was deleted from {store}: to restore it, use "
                f"'MLFLOW_TRACKING_URI={store} mlflow runs restore --run-id {deleted[0]}'"
            )
        hint = _hint_at(store, wanted)
        raise NoSuchRunError(f"no run in {store} has an ID that starts with {prefix}{hint}")
    runs = find_runs(store, ids[:NAMED])
    if len(ids) == 1:
        return runs[0]
    names = ", ".join(f"{run.run_id[: len(wanted) + 6]}… ({run.name})" for run in runs)
    count, more = (f"more than {NAMED}", ", …") if len(ids) > NAMED else (str(len(ids)), "")
    raise UserError(f"{count} runs in {store} have an ID that starts with {prefix}: {names}{more}")


def _hint_at(store: Store, wanted: str) -> str:
    """The beginning of an ID that was perhaps meant, as the end of a message.

    A beginning with one wrong digit has one half that is right.
    """
    half = len(wanted) // 2
    patterns = (f"{wanted[:half]}%", f"{'_' * half}{wanted[half:]}%") if len(wanted) > 3 else ()
    known = [run_id for pattern in patterns for run_id in _find_ids(store, pattern, IDS)]
    if near := difflib.get_close_matches(wanted, [run_id[: len(wanted)] for run_id in known], 1):
        return f"; did you mean {near[0]}?"
    return "" if _find_ids(store, "%", 1) else "; it has no runs"


def _find_ids(store: Store, pattern: str, most: int, *, deleted: bool = False) -> list[str]:
    """The IDs that are LIKE a pattern in SQL, at most so many: of a SQLite file without MLflow,
    whose import takes a second or two."""
    if store.is_sqlite:
        database.check(store.database)
        stage = "deleted" if deleted else "active"
        return database.find_ids(store.database, pattern, most, stage)
    asked = f"attributes.run_id LIKE '{pattern}'"
    found = _search(store.client(), asked, most=most, deleted=deleted)
    return [run.run_id for run in found]


def find_runs(store: Store, run_ids: Sequence[str]) -> list[StoredRun]:
    """The runs with these IDs, in their order.

    Raises:
        NoSuchRunError: there is none with one of them.
    """
    client = store.client()
    found: dict[str, StoredRun] = {}
    for start in range(0, len(run_ids), IDS):
        listed = ", ".join(f"'{run_id}'" for run_id in run_ids[start : start + IDS])
        found |= {run.run_id: run for run in _search(client, f"attributes.run_id IN ({listed})")}
    if lacking := [run_id for run_id in run_ids if run_id not in found]:
        raise NoSuchRunError(f"{store} has no run {', '.join(lacking[:NAMED])}")
    return [found[run_id] for run_id in run_ids]


def find_if_there(store: Store, run_id: str) -> list[StoredRun]:
    """The run with that ID; none where it was deleted."""
    return list(_search(store.client(), f"attributes.run_id = '{run_id}'"))


def find_children(store: Store, parent_id: str) -> list[StoredRun]:
    """The runs of a sweep, in the order in which they started."""
    return list(_search(store.client(), tag_equals(PARENT, parent_id)))


def find_families(store: Store, names: Collection[str]) -> dict[str, list[StoredRun]]:
    """The runs that were trained with each of these first stages, in the order of their start.

    The store is asked once for each, or once for all runs where that is less.
    """
    client, trained = store.client(), tag_equals(KIND, "run")
    if len(names) <= FEW:
        return {
            name: list(_search(client, f"{trained} AND {tag_equals(FIRST_STAGE, name)}"))
            for name in names
        }
    families: dict[str, list[StoredRun]] = {name: [] for name in names}
    for run in _search(client, trained):
        if (name := run.tags.get(FIRST_STAGE)) in families:
            families[str(name)].append(run)
    return families


def find_trained(store: Store) -> Iterator[StoredRun]:
    """All runs that were trained, finished or not, the oldest first; no sweeps or reproductions."""
    return _search(store.client(), tag_equals(KIND, "run"))


def find_recent(store: Store, most: int, kind: str = "run") -> list[StoredRun]:
    """The last runs of a kind (those that were trained, sweeps, …), the newest first."""
    return list(_search(store.client(), tag_equals(KIND, kind), order="DESC", most=most))


def find_running(store: Store) -> list[StoredRun]:
    """All that hhexp started and did not end, in the order of their start; sweeps, too."""
    found = _search(store.client(), "attributes.status = 'RUNNING'")
    return [run for run in found if run.kind is not None]


def find_matching(store: Store, condition: str) -> list[StoredRun]:
    """The runs that meet a condition in MLflow's search language, in the order of their start.

    Raises:
        UserError: it is not in that language; or the store cannot be used.
    """
    from mlflow.exceptions import MlflowException

    try:
        return list(_search(store.client(), condition))
    except MlflowException as error:
        said = " ".join(str(error).split())
        raise UserError(f"filter {condition!r}: {said}") from error


def find_finished(store: Store, kind: str, *conditions: str) -> list[StoredRun]:
    """The runs of a kind (run, sweep or reproduction) that finished, the oldest first.

    Args:
        store: where the runs are.
        kind: theirs.
        conditions: what else must be true of them, in MLflow's search language.
    """
    asked = [tag_equals(KIND, kind), "attributes.status = 'FINISHED'", *conditions]
    return list(_search(store.client(), " AND ".join(asked)))


def set_verdict(store: Store, run_id: str, verdict: str, by: str) -> None:
    """Mark a run, if the store has it, with what came of its reproduction by another."""
    client = store.client()
    if list(_search(client, f"attributes.run_id = '{run_id}'")):
        client.set_tag(run_id, REPRODUCED, verdict)
        client.set_tag(run_id, REPRODUCED_BY, by)


def read_histories(store: Store, run_id: str) -> dict[str, list[float]]:
    """Each metric's values, from epoch 1 on.

    An epoch that was trained again after a resume has its last value; one that has none is NaN.
    """
    names = _list_metrics(store.client().get_run(run_id))
    histories = read_many(store, {run_id: names})[run_id]
    return {name: list(values) for name, values in histories.items()}


def read_last_values(store: Store, run_id: str) -> dict[str, float]:
    """Each metric's last value; MLflow keeps it apart from the history, for its tables of runs."""
    return dict(store.client().get_run(run_id).data.metrics)


def _search(
    client: "MlflowClient",
    condition: str = "",
    order: str = "ASC",
    most: int = sys.maxsize,
    *,
    deleted: bool = False,
) -> Iterator[StoredRun]:
    """The runs of all experiments that meet a condition in MLflow's search language; or instead
    those that were deleted."""
    from mlflow.entities import ViewType

    kept = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    experiments = [each.experiment_id for each in client.search_experiments(kept)]
    token = None
    while True:
        page = client.search_runs(
            experiments,
            condition,
            ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
            max_results=min(PAGE, most),
            order_by=[f"attributes.start_time {order}"],
            page_token=token,
        )
        yield from itertools.islice(map(_read_run, page), most)
        token, most = page.token, most - len(page)
        if not token or most <= 0:
            return


def _read_run(run: "Run") -> StoredRun:
    return StoredRun(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        params=_share(run.data.params),
        tags=_share(run.data.tags),
        start=_read_time(run.info.start_time),
        end=_read_time(run.info.end_time) if run.info.end_time else None,
        parent_id=run.data.tags.get(PARENT),
        metrics=_list_metrics(run),
        artifacts=run.info.artifact_uri,
        models=tuple(model.model_id for model in run.outputs.model_outputs) if run.outputs else (),
        experiment_id=run.info.experiment_id,
    )


def _list_metrics(run: "Run") -> tuple[str, ...]:
    """The names of a run's metrics by epoch; those of the machine have steps of another kind."""
    names = (name for name in sorted(run.data.metrics) if not name.startswith(SYSTEM))
    return tuple(map(sys.intern, names))


def _share(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, each of which is kept once for all runs that have it."""
    return {sys.intern(name): sys.intern(value) for name, value in texts.items()}


def _read_time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

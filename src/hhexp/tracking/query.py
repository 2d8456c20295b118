"""Runs read back from a store, as plain values."""

import difflib
import itertools
import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hhexp.errors import UserError
from hhexp.tracking.store import Store
from hhexp.tracking.tags import (
    FIRST_STAGE,
    KIND,
    PARENT,
    REPRODUCED,
    REPRODUCED_BY,
    RUNS,
    tag_equals,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ID_LENGTH = 32
"""Hexadecimal digits in a run's ID."""
PAGE = 500
"""Runs fetched in one call."""
FEW = 20
"""First stages that are looked for one by one."""
ANSWERS_A_TAG = 150
"""IDs that fit into a tag, with commas, whatever the store."""


class NoSuchRunError(UserError):
    """The store can be read, and has no run with that ID."""


@dataclass(frozen=True)
class StoredRun:
    """A run, without its metrics and artifacts."""

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

    @property
    def kind(self) -> str | None:
        """Run, sweep or reproduction; None where hhexp did not make it."""
        return self.tags.get(KIND)


def find_run(store: Store, prefix: str) -> StoredRun:
    """The run with that ID, or the only one whose ID starts with it.

    Raises:
        NoSuchRunError: there is none.
        UserError: there is more than one, or the store cannot be used.
    """
    client = store.client()
    wanted = prefix.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{1,32}", wanted):
        raise UserError(f"{prefix!r} is not a run ID ({ID_LENGTH} hex digits)")
    runs = list(_search(client, f"attributes.run_id LIKE '{wanted}%'"))
    if len(runs) == 1:
        return runs[0]
    if runs:
        names = ", ".join(f"{run.run_id[: len(wanted) + 6]}… ({run.name})" for run in runs[:4])
        more = f" and {len(runs) - 4} more" if len(runs) > 4 else ""
        raise UserError(
            f"{len(runs)} runs in {store} have an ID that starts with {prefix}: {names}{more}"
        )
    known = [run.run_id[: len(wanted)] for run in _search(client)]
    near = difflib.get_close_matches(wanted, known, 1) if len(wanted) > 3 else []
    hint = f"; did you mean {near[0]}?" if near else f" (it has {len(known)} runs)"
    raise NoSuchRunError(f"no run in {store} has an ID that starts with {prefix}{hint}")


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


def find_recent(store: Store, most: int) -> list[StoredRun]:
    """The last runs that were trained, the newest first."""
    runs = _search(store.client(), tag_equals(KIND, "run"), order="DESC")
    return list(itertools.islice(runs, most))


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


def find_finished(store: Store, kind: str) -> list[StoredRun]:
    """The runs of a kind (run, sweep or reproduction) that finished, the oldest first."""
    condition = f"{tag_equals(KIND, kind)} AND attributes.status = 'FINISHED'"
    return list(_search(store.client(), condition))


def find_sweep_runs(store: Store, prefix: str) -> list[str]:
    """The IDs of the runs that answer a sweep; empty where ``prefix`` names something else.

    Raises:
        UserError: several runs in the store start with it, or the store cannot be used.
    """
    try:
        run = find_run(store, prefix)
    except NoSuchRunError:
        return []
    if run.kind != "sweep":
        return []
    return read_answers(run) or [child.run_id for child in find_children(store, run.run_id)]


def read_answers(sweep: StoredRun) -> list[str]:
    """The IDs of the runs that answer a sweep, as its tags list them."""
    texts = (sweep.tags.get(_name_answers_tag(number), "") for number in itertools.count(1))
    return [run_id for text in itertools.takewhile(bool, texts) for run_id in text.split(",")]


def make_answer_tags(run_ids: Iterable[str]) -> dict[str, str]:
    """The tags that list the runs which answer a sweep, each run once."""
    listed = list(dict.fromkeys(run_ids))
    parts = range(0, len(listed), ANSWERS_A_TAG)
    return {
        _name_answers_tag(number): ",".join(listed[start : start + ANSWERS_A_TAG])
        for number, start in enumerate(parts, start=1)
    }


def _name_answers_tag(number: int) -> str:
    return RUNS if number == 1 else f"{RUNS}.{number}"


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
    client = store.client()
    histories = {}
    for name in sorted(client.get_run(run_id).data.metrics):
        measured = client.get_metric_history(run_id, name)
        values = {m.step: m.value for m in sorted(measured, key=lambda m: m.timestamp)}
        epochs = range(1, max(values) + 1)
        histories[name] = [values.get(epoch, math.nan) for epoch in epochs]
    return histories


def read_last_values(store: Store, run_id: str) -> dict[str, float]:
    """Each metric's last value; MLflow keeps it apart from the history, for its tables of runs."""
    return dict(store.client().get_run(run_id).data.metrics)


def _search(client: "MlflowClient", condition: str = "", order: str = "ASC") -> Iterator[StoredRun]:
    """All runs of all experiments that meet a condition in MLflow's search language."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = None
    while True:
        page = client.search_runs(
            experiments,
            condition,
            max_results=PAGE,
            order_by=[f"attributes.start_time {order}"],
            page_token=token,
        )
        yield from map(_read_run, page)
        token = page.token
        if not token:
            return


def _read_run(run: "Run") -> StoredRun:
    return StoredRun(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        start=_read_time(run.info.start_time),
        end=_read_time(run.info.end_time) if run.info.end_time else None,
        parent_id=run.data.tags.get(PARENT),
    )


def _read_time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

"""What a run logs, as entries that can wait on disk: each can be sent twice, and counts once."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.tracking.access import say_refusals
from hhexp.tracking.outages import FullDiskError, is_away, name_full_disk
from hhexp.tracking.states import FOLDER, SavedState, drop_states, find_states
from hhexp.tracking.store import Store
from hhexp.tracking.tags import DATA_FINGERPRINT, ERROR

if TYPE_CHECKING:
    from mlflow import MlflowClient

LAST, BEST = "model", "best"
"""What MLflow calls a run's model after its last epoch, and that after its best."""
BATCH = 100
"""Parameters that MLflow takes in one call."""
METRICS = 1000
"""Metrics that it does."""


@dataclass(frozen=True)
class Entry:
    """One call that logs something of a run."""

    kind: str
    """A key of ``SENDERS``."""
    values: Mapping[str, Any]
    """What is logged; JSON can hold it."""
    file: Path | None = None
    """The file or folder that belongs to it."""

    @property
    def size(self) -> int:
        """Bytes of the file, or of the files in the folder."""
        if self.file is None:
            return 0
        files = self.file.rglob("*") if self.file.is_dir() else [self.file]
        return sum(each.stat().st_size for each in files if each.is_file())


def send(store: Store, run_id: str, entry: Entry) -> None:
    """Log an entry in the store.

    Raises:
        FullDiskError: a disk is full.
        Exception: MLflow's own; ``hhexp.tracking.outages.is_away`` tells which are no refusal.
    """
    try:
        with name_full_disk(store), say_refusals(store):
            SENDERS[entry.kind](store, run_id, entry)
    except FullDiskError:
        with contextlib.suppress(Exception):  # what was written of it takes the last space
            _drop_part(store, run_id, entry)
        raise


def _send_params(store: Store, run_id: str, entry: Entry) -> None:
    """MLflow never changes a parameter: a run that continues keeps those that it started with."""
    from mlflow.entities import Param

    client = store.client()
    known = client.get_run(run_id).data.params
    params = [Param(name, value) for name, value in entry.values.items() if name not in known]
    for start in range(0, len(params), BATCH):
        client.log_batch(run_id, params=params[start : start + BATCH])


def _send_metrics(store: Store, run_id: str, entry: Entry) -> None:
    """MLflow keeps one of several metrics that are equal in all, the time included."""
    from mlflow.entities import Metric

    client, values = store.client(), dict(entry.values["metrics"])
    if entry.values["once"]:
        known = client.get_run(run_id).data.metrics
        values = {name: value for name, value in values.items() if name not in known}
    at, step = entry.values["time_ms"], entry.values["epoch"]
    metrics = [Metric(*each, at, step) for each in values.items()]
    for start in range(0, len(metrics), METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS])


def _send_curves(store: Store, run_id: str, entry: Entry) -> None:
    """MLflow keeps one of several values that are equal in all: they can be sent again."""
    from mlflow.entities import Metric

    client, at = store.client(), entry.values["time_ms"]
    metrics = [
        Metric(name, value, at, step)
        for name, curve in entry.values["curves"].items()
        for step, value in curve
    ]
    for start in range(0, len(metrics), METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS])


def _send_tags(store: Store, run_id: str, entry: Entry) -> None:
    from mlflow.entities import RunTag

    store.client().log_batch(run_id, tags=[RunTag(*each) for each in entry.values.items()])


def _send_dataset(store: Store, run_id: str, entry: Entry) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    client, values = store.client(), dict(entry.values)
    context, fingerprint = values.pop("context"), values.pop("fingerprint")
    inputs = [DatasetInput(Dataset(**values), [InputTag("mlflow.data.context", context)])]
    try:
        client.log_inputs(run_id, inputs)
    except MlflowException:
        # MLflow looks for the data set and then makes it; another process was between. Its
        # transaction is undone, and now it finds that process's.
        client.log_inputs(run_id, inputs)
    client.set_tag(run_id, DATA_FINGERPRINT, fingerprint)


def _send_artifact(store: Store, run_id: str, entry: Entry) -> None:
    store.client().log_artifact(run_id, str(entry.file), entry.values["folder"])


def _send_state(store: Store, run_id: str, entry: Entry) -> None:
    """Log a state, name it in a tag, and only then delete the older ones that need not stay."""
    from mlflow.exceptions import MlflowException

    client, before = store.client(), find_states(store, run_id)
    state = SavedState(run_id, **entry.values)
    client.log_artifact(run_id, str(entry.file), FOLDER)
    known = {key: entry.values[key] for key in ("stage", "sha256", "size", "stays")}
    client.set_tag(run_id, state.tag, json.dumps(known))
    try:
        drop_states(store, [old for old in before if old.epoch < state.epoch and not old.stays])
    except MlflowException as error:
        # A server may not let this person delete; what stays takes up space, and no more.
        if error.get_http_status_code() != 403:
            raise


def _send_model(store: Store, run_id: str, entry: Entry) -> None:
    """Log the folder of a model, unless the run has one of its name already that is whole."""
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    client = store.client()
    name = entry.values.get("name", LAST)  # entries that wait may be of an older version
    begun = _list_models(client, run_id, name)
    if "READY" in begun.values():
        return
    pending = [model_id for model_id, status in begun.items() if status == "PENDING"]
    if not pending:
        experiment_id = client.get_run(run_id).info.experiment_id
        logged = client.create_logged_model(experiment_id, name, source_run_id=run_id)
        pending.append(logged.model_id)
        output = LoggedModelOutput(logged.model_id, step=entry.values.get("epoch", 0))
        client.log_outputs(run_id, [output])
    model_id, folder = pending[-1], Path(str(entry.file))
    description = Model.load(str(folder))
    description.run_id, description.model_id = run_id, model_id
    description.artifact_path = client.get_logged_model(model_id).artifact_location
    description.save(str(folder / "MLmodel"))
    client.log_model_artifacts(model_id, str(folder))
    client.finalize_logged_model(model_id, "READY")


def _list_models(client: "MlflowClient", run_id: str, name: str) -> dict[str, str]:
    """The status of each of a run's models of a name, by their IDs; the newest last."""
    outputs = client.get_run(run_id).outputs
    ids = [output.model_id for output in outputs.model_outputs] if outputs else []
    models = sorted(map(client.get_logged_model, ids), key=lambda model: model.creation_timestamp)
    return {model.model_id: str(model.status) for model in models if model.name == name}


def _send_end(store: Store, run_id: str, entry: Entry) -> None:
    client, values = store.client(), entry.values
    if values["error"]:
        try:
            client.set_tag(run_id, ERROR, values["error"])
            client.log_text(run_id, values["traceback"], "error.txt")
        except Exception as error:
            # Whatever made the run fail may also stop this; the run must end all the same.
            if is_away(error):
                raise
    client.set_terminated(run_id, values["status"], values["time_ms"])


def _drop_part(store: Store, run_id: str, entry: Entry) -> None:
    """Delete what a disk took of a file before it was full."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if entry.file is None or entry.kind == "model":
        return
    folder = entry.values["folder"] if entry.kind == "artifact" else FOLDER
    path = f"{folder}/{entry.file.name}" if folder else entry.file.name
    uri = store.client().get_run(run_id).info.artifact_uri
    get_artifact_repository(uri, tracking_uri=store.uri).delete_artifacts(path)


SENDERS = {
    "params": _send_params,
    "metrics": _send_metrics,
    "curves": _send_curves,
    "tags": _send_tags,
    "dataset": _send_dataset,
    "artifact": _send_artifact,
    "state": _send_state,
    "model": _send_model,
    "end": _send_end,
}
"""What logs each kind of entry."""

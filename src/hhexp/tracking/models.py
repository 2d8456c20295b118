"""Models read back from their runs, as what they are: files that other people made.

A run's model is the one file ``data/model.keras`` of the model that MLflow logged, and nothing else
of it is read. ``mlflow.keras.load_model`` would follow what the model's own MLmodel file says, to a
file anywhere or to a TensorFlow SavedModel, whose graph may read and write files. Keras's safe mode
takes no layer that carries code.
"""

import tempfile
import textwrap
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter

from hhexp.errors import UserError
from hhexp.limits import MODEL_BYTES, TEXT_BYTES, Limit
from hhexp.reading import damaged, parse_json, read_bytes
from hhexp.tracking.artifacts import MODEL_FILE
from hhexp.tracking.entries import BEST, LAST
from hhexp.tracking.model_files import check_model_file
from hhexp.tracking.query import find_run
from hhexp.tracking.store import Store

if TYPE_CHECKING:
    import keras

INDICES = TypeAdapter(dict[str, int], config=ConfigDict(strict=True))
BEST_EPOCH = "best/epoch"
"""The metric that says which epoch was the best; its step is the run's last."""
REASON_LENGTH = 160
"""Letters of Keras's reason that a message repeats."""


def load_model(store: Store, run_id: str, epoch: str = "last") -> "keras.Model":
    """The model that a run logged, not compiled; TensorFlow must have been started.

    Args:
        store: where the run is.
        run_id: the run's.
        epoch: last, or best for the model after the epoch that was best by the run's objective.

    Raises:
        UserError: there is no such run, it has no model (yet), or the model cannot be loaded
            safely.
    """
    model_id = find_model_id(store, run_id, epoch)
    with tempfile.TemporaryDirectory() as folder:
        file = _download(
            f"models:/{model_id}", MODEL_FILE, folder, f"run {run_id}'s model", MODEL_BYTES
        )
        return load_file(file, f"run {run_id}")


def load_file(file: Path, where: str) -> "keras.Model":
    """A model from a ``.keras`` file, in safe mode; ``where`` is what messages call its origin.

    Raises:
        UserError: it cannot be loaded safely, or is too large.
    """
    import keras

    if not zipfile.is_zipfile(file):  # Keras would take some other formats too
        raise UserError(f"{where}: its model is not a .keras file, or is damaged")
    try:
        check_model_file(file, where)
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except UserError:
        raise
    except Exception as error:  # Keras raises many kinds
        raise UserError(f"{where}: its model cannot be loaded: {_give_reason(error)}") from error


def read_classes(store: Store, run_id: str) -> tuple[str, ...]:
    """The classes of a run, in the order of its model's outputs.

    Raises:
        UserError: the run did not log them.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = _download(
            f"runs:/{run_id}", "classes.json", folder, f"run {run_id}'s classes", TEXT_BYTES
        )
        try:
            indices = INDICES.validate_python(parse_json(read_bytes(file).decode()))
            names = sorted(indices, key=indices.__getitem__)
            if [indices[name] for name in names] != list(range(len(names))):
                raise ValueError("must number the classes from 0 on")
        except ValueError as error:
            raise damaged(f"classes.json of run {run_id}", error) from error
    return tuple(names)


def find_model_id(store: Store, run_id: str, epoch: str) -> str:
    """The ID of the model that a run logged last, after its last or its best epoch.

    Raises:
        UserError: there is none, with the reason.
    """
    run = find_run(store, run_id)
    client = store.client()
    outputs = client.get_run(run.run_id).outputs
    ids = [output.model_id for output in outputs.model_outputs] if outputs else []
    logged = [client.get_logged_model(model_id) for model_id in ids]
    wanted = LAST if epoch == "last" or _ends_at_its_best(store, run.run_id) else BEST
    ready = [model for model in logged if (model.status, model.name) == ("READY", wanted)]
    if ready:
        return str(max(ready, key=lambda model: model.creation_timestamp).model_id)
    name = f"run {run.run_id}"
    if run.kind in ("sweep", "study"):
        raise UserError(f"{name} is a {run.kind} and has no model itself: choose one of its runs")
    if run.status in ("RUNNING", "SCHEDULED"):
        raise UserError(f"{name} has no model yet: its status is {run.status}")
    if run.status != "FINISHED":
        raise UserError(f"{name} has no model: its status is {run.status}")
    if wanted == BEST:
        raise UserError(
            f"{name} has no model of its best epoch: an older version of hhexp trained it, or the "
            "objective was not a number in any epoch; use --epoch last"
        )
    raise UserError(f"{name} has no model: none was logged")


def _ends_at_its_best(store: Store, run_id: str) -> bool:
    """Whether a run's best epoch is its last, so that it has one model for both."""
    best = store.client().get_metric_history(run_id, BEST_EPOCH)
    return bool(best) and best[-1].value == best[-1].step


def _download(uri: str, path: str, folder: str, what: str, most: Limit) -> Path:
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    try:
        artifacts: Any = get_artifact_repository(uri)
        listed = artifacts.list_artifacts(str(PurePosixPath(path).parent).lstrip("."))
        sizes = {entry.path: entry.file_size for entry in listed}
        if path not in sizes:
            place = artifacts.repo.artifact_uri  # where an address such as runs:/… leads
            raise UserError(f"{what} should be in {place}, but {path} is gone from there")
        most.check(sizes[path] or 0, what)
        return Path(artifacts.download_artifacts(path, folder))
    except (MlflowException, OSError) as error:
        raise UserError(f"{what} cannot be read from the store: {_give_reason(error)}") from error


def _give_reason(error: Exception) -> str:
    """An error's innermost cause: Keras puts whole configurations before it."""
    cause = str(error).rpartition("Exception encountered:")[2]
    return textwrap.shorten(cause, REASON_LENGTH, placeholder=" …")

"""Training states as artifacts of their runs.

A state counts once its run's tag names it, which is set after the file is whole in the store: a
crash at any moment leaves the tagged state whole.
"""

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from hhexp.reading import parse_json
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import STATE

if TYPE_CHECKING:
    from hhexp.tracking.query import StoredRun

FOLDER = "state"


@dataclass(frozen=True)
class SavedState:
    """A saved state of a run."""

    run_id: str
    epoch: int
    sha256: str
    """Of the file, in hex."""

    @property
    def path(self) -> str:
        """The artifact's path."""
        return f"{FOLDER}/epoch-{self.epoch:05}.npz"


STATES = TypeAdapter(SavedState)


def keep_state(run: TrackedRun, content: bytes, epoch: int) -> SavedState:
    """Log a state, name it in the run's tag, and only then delete the one before."""
    before = find_state(run.store, run.run_id)
    record = SavedState(run.run_id, epoch, hashlib.sha256(content).hexdigest())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(record.path).name
        file.write_bytes(content)
        run.log_file(file, FOLDER)
    run.set_tags({STATE: json.dumps(asdict(record))})
    if before is not None and before.path != record.path:
        _delete(run.store, before)
    return record


def find_state(store: Store, run_id: str) -> SavedState | None:
    """The state that a run's tag names."""
    return read_tag(store.client().get_run(run_id).data.tags.get(STATE))


def read_state(run: "StoredRun") -> SavedState | None:
    """The state that a run, already read from the store, has."""
    return read_tag(run.tags.get(STATE))


def read_tag(text: str | None) -> SavedState | None:
    """A state from its tag; None if there is none, or it cannot be read."""
    try:
        return STATES.validate_python(parse_json(text)) if text else None
    except ValueError:
        return None


def fetch_state(store: Store, record: SavedState) -> bytes | None:
    """A state's content; None where the file is gone, or is not the one that was logged."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = store.client().download_artifacts(record.run_id, record.path, folder)
            content = Path(path).read_bytes()
        except (MlflowException, OSError):
            return None
    return content if hashlib.sha256(content).hexdigest() == record.sha256 else None


def _delete(store: Store, record: SavedState) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    run = store.client().get_run(record.run_id)
    get_artifact_repository(run.info.artifact_uri).delete_artifacts(record.path)

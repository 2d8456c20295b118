"""Training states as artifacts of their runs, each named by the stage that it is the end of.

A state counts once its run's tag names it, which is set after the file is whole in the store, and
deleted before the file is: a crash at any moment leaves every tagged state whole.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from hhexp.reading import MAPPING, parse_json
from hhexp.tracking.outages import is_away
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import STATE

FOLDER = "state"


@dataclass(frozen=True)
class SavedState:
    """A saved state of a run."""

    run_id: str
    epoch: int
    stage: str
    """All that led to it; a run whose stages hold the same one can continue from it."""
    sha256: str
    """Of the file, in hex."""
    size: Annotated[int, Field(ge=0)]
    """Of the file, in bytes."""
    stays: bool
    """Whether it stays when a newer one is there."""

    @property
    def path(self) -> str:
        """The artifact's path."""
        return f"{FOLDER}/epoch-{self.epoch:05}.npz"

    @property
    def tag(self) -> str:
        """The name of the tag."""
        return f"{STATE}{self.epoch:05}"


STATES = TypeAdapter(SavedState)


def find_states(store: Store, run_id: str) -> list[SavedState]:
    """The states that a run's tags name, the newest last."""
    return _read_tags(run_id, store.client().get_run(run_id).data.tags)


def read_states(run: StoredRun) -> list[SavedState]:
    """The states of a run that was already read from the store, the newest last."""
    return _read_tags(run.run_id, run.tags)


def _read_tags(run_id: str, tags: dict[str, str]) -> list[SavedState]:
    """What cannot be read does not count as a state: an older version's, or an edited one."""
    states = []
    for name in sorted(name for name in tags if name.startswith(STATE)):
        with contextlib.suppress(ValueError):
            known = MAPPING.validate_python(parse_json(tags[name]))
            own = {"run_id": run_id, "epoch": int(name.removeprefix(STATE))}
            states.append(STATES.validate_python({**known, **own}))
    return states


def fetch_state(store: Store, state: SavedState) -> bytes | None:
    """A state's content; None where the file is gone, or is not the one that was logged.

    Raises:
        MlflowException: the store is away.
    """
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = store.client().download_artifacts(state.run_id, state.path, folder)
            content = Path(path).read_bytes()
        except (MlflowException, OSError) as error:
            if is_away(error):
                raise
            return None
    return content if hashlib.sha256(content).hexdigest() == state.sha256 else None


def list_sizes(store: Store, place: str) -> dict[str, int | None] | None:
    """The sizes in bytes of the files that hold a run's states, by their paths; None where the run
    has no artifacts at all, as where a disk is not mounted.

    Args:
        store: where the run is.
        place: the address of its artifacts.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(place, tracking_uri=store.uri)
    found = repository.list_artifacts(FOLDER)
    if not found and not repository.list_artifacts():
        return None
    return {entry.path: entry.file_size for entry in found}


def drop_states(store: Store, states: Iterable[SavedState]) -> None:
    """Delete states."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client = store.client()
    for state in states:
        uri = client.get_run(state.run_id).info.artifact_uri
        client.delete_tag(state.run_id, state.tag)
        get_artifact_repository(uri).delete_artifacts(state.path)

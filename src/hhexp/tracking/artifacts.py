"""Artifacts of a run, read back: other people's files, under names that other people gave."""

import functools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hhexp.errors import UserError
from hhexp.limits import TEXT_BYTES, Limit
from hhexp.reading import read_bytes
from hhexp.tracking.outages import give_reason, is_away
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

MODEL_FILE = "data/model.keras"
"""The file of a model among the artifacts of a model that MLflow logged."""
AT_ONCE = 8
"""Artifacts that are read at once: most of a server's answer is waiting for it."""
AHEAD = 100
"""Artifacts that are read before they are asked for."""


def read_text(store: Store, run_id: str, path: str) -> str | None:
    """The text of an artifact, such as predictions/validation.csv; None where the run has none.

    Raises:
        UserError: the path leads outside the run's artifacts, the artifact is too large, not a
            file or not UTF-8 text, or the store cannot be used.
    """
    check_path(path)
    content = _read(_open_of(store, run_id), run_id, path, TEXT_BYTES)
    return None if content is None else _decode(content, run_id, path)


def read_texts(store: Store, places: Mapping[str, str], path: str) -> Iterator[str | None]:
    """The text of the same artifact of several runs, in their order; None where one has none.

    Args:
        store: where the runs are.
        places: the addresses of the runs' artifacts, by the runs' IDs.
        path: the artifact's.

    Raises:
        UserError: as ``read_text``.
    """
    for run_id, content in zip(places, read_contents(store, places, path), strict=True):
        yield None if content is None else _decode(content, run_id, path)


def read_contents(
    store: Store, places: Mapping[str, str], path: str, most: Limit = TEXT_BYTES
) -> Iterator[bytes | None]:
    """The bytes of the same artifact of several runs, as ``read_texts`` reads texts.

    Args:
        store: where the runs are.
        places: the addresses of the runs' artifacts, by the runs' IDs.
        path: the artifact's.
        most: how large it may be.

    Raises:
        UserError: as ``read_text``.
    """
    check_path(path)

    def read(run_id: str) -> bytes | None:
        return _read(_open(places[run_id], store.uri), run_id, path, most)

    ids = list(places)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(ids), AHEAD):
            yield from pool.map(read, ids[start : start + AHEAD])


@functools.lru_cache  # a run's artifacts stay where they are
def _open_of(store: Store, run_id: str) -> "ArtifactRepository":
    return _open(store.client().get_run(run_id).info.artifact_uri, store.uri)


def _open(place: str, tracking_uri: str) -> "ArtifactRepository":
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    try:
        return get_artifact_repository(place, tracking_uri=tracking_uri)
    except (MlflowException, ImportError, ValueError) as error:
        raise UserError(f"artifacts at {place} cannot be read: {give_reason(error)}") from error


def _read(repository: "ArtifactRepository", run_id: str, path: str, most: Limit) -> bytes | None:
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    folder, what = str(PurePosixPath(path).parent), f"run {run_id}: the artifact {path}"
    try:
        listed = repository.list_artifacts(None if folder == "." else folder)
        sizes = {entry.path: entry.file_size for entry in listed}
        if path not in sizes:
            return None
        most.check(sizes[path] or 0, what)
        with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
            here = isinstance(repository, LocalArtifactRepository)  # then it need not be copied
            file = repository.download_artifacts(path, None if here else temporary)
            return read_bytes(Path(file), most)
    except (MlflowException, ValueError) as error:
        if is_away(error):
            raise
        raise UserError(f"{what} cannot be read: {give_reason(error)}") from error


def _decode(content: bytes, run_id: str, path: str) -> str:
    try:
        return content.decode()  # line ends as they are, which patches depend on
    except UnicodeDecodeError as error:
        raise UserError(f"run {run_id}: the artifact {path} is not UTF-8 text") from error


def find_lost(store: Store, runs: Sequence[StoredRun], needed: Sequence[str]) -> dict[str, str]:
    """Which finished runs have lost artifacts: from their IDs to what is said of it.

    On this machine's disks each file is looked for, and the models' too. Elsewhere one listing of a
    run has to do, in which a folder stands for all that is in it; where that fails, nothing is said
    to be lost.

    Args:
        store: where the runs are.
        runs: of any number.
        needed: the paths of artifacts that each of them had.
    """

    def look(run: StoredRun) -> list[str]:
        return _list_missing(_open(run.artifacts, store.uri), run, needed)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = zip(runs, pool.map(look, runs), strict=True)
        return {run.run_id: say_lost(run, missing) for run, missing in found if missing}


def _list_missing(
    repository: "ArtifactRepository", run: StoredRun, needed: Sequence[str]
) -> list[str]:
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    if isinstance(repository, LocalArtifactRepository):
        folder = Path(repository.artifact_dir)
        # MLflow keeps the models of an experiment beside its runs.
        models = [folder.parents[1] / "models" / each / "artifacts" for each in run.models]
        has_models = bool(models) and all((model / MODEL_FILE).is_file() for model in models)
        missing = [path for path in needed if not (folder / path).exists()]
        return missing if has_models else [*missing, "a model"]
    try:
        there = {entry.path for entry in repository.list_artifacts()}
    except (MlflowException, OSError):
        return []
    return [path for path in needed if PurePosixPath(path).parts[0] not in there]


def say_lost(run: StoredRun, missing: Sequence[str]) -> str:
    """Say which artifacts a run has lost, and where they should be."""
    return f"run {run.run_id[:8]} has lost {', '.join(missing)}, which should be in {run.artifacts}"


def check_path(path: str) -> None:
    """Check that an artifact's path stays inside the folder that it is put in.

    Raises:
        UserError: it is empty or absolute, has a ``..``, or becomes so where it is decoded or on
            another system.
    """
    spelled = {path, unquote(path), unquote(unquote(path))}
    for text in spelled:
        parts = PureWindowsPath(text)  # splits at both kinds of slashes
        if (
            not parts.parts
            or parts.anchor
            or ".." in parts.parts
            or text.startswith("~")
            or "\0" in text
        ):
            raise UserError(f"artifact path {path!r}: leads outside its folder, so it is not read")

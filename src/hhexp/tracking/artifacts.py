"""Artifacts of a run, read back: other people's files, under names that other people gave."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hhexp.errors import UserError
from hhexp.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import FileInfo


def read_text(store: Store, run_id: str, path: str) -> str | None:
    """The text of an artifact, such as predictions/validation.csv; None where the run has none.

    Raises:
        UserError: the path leads out of the run's artifacts, the artifact is no UTF-8 text, or the
            store cannot be used.
    """
    check_path(path)
    client = store.client()
    folder = str(PurePosixPath(path).parent)
    listed = client.list_artifacts(run_id, None if folder == "." else folder)
    if path not in {entry.path for entry in listed}:
        return None
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        content = Path(client.download_artifacts(run_id, path, temporary)).read_bytes()
    try:
        return content.decode()  # line ends as they are, which patches depend on
    except UnicodeDecodeError as error:
        raise UserError(f"run {run_id}: the artifact {path} is no UTF-8 text") from error


def download(store: Store, run_id: str, path: str, to: Path) -> Path:
    """Copy an artifact, or a folder of them with all that is in it, below the folder ``to``.

    Returns:
        where it is then: ``to / path``.

    Raises:
        UserError: a path leads out of the folder, in which case nothing was copied; the run has no
            such artifact; or the store cannot be used.
    """
    check_path(path)
    client = store.client()
    files = list(_files(client, run_id, path))
    if not files:
        raise UserError(f"run {run_id} has no artifact {path}")
    for file in files:
        check_path(file)
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".hhexp-", dir=to) as temporary:
        for file in files:
            got = client.download_artifacts(run_id, file, temporary)
            place = to / file
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.parent.resolve().is_relative_to(to.resolve()):
                raise UserError(f"{place.parent} leads out of {to}: remove the link")
            os.replace(got, place)
    return to / path


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
            raise UserError(f"artifact path {path!r}: leads out of its folder; it is not read")


def _files(client: "MlflowClient", run_id: str, path: str) -> Iterator[str]:
    """The files at or below an artifact path."""
    folder = str(PurePosixPath(path).parent)
    for entry in client.list_artifacts(run_id, None if folder == "." else folder):
        if entry.path == path:
            yield from _below(client, run_id, entry)


def _below(client: "MlflowClient", run_id: str, entry: "FileInfo") -> Iterator[str]:
    if entry.is_dir:
        for inner in client.list_artifacts(run_id, entry.path):
            yield from _below(client, run_id, inner)
    else:
        yield entry.path

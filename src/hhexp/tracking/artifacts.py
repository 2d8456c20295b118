"""Artifacts of a run, read back: other people's files, under names that other people gave."""

import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from hhexp.errors import UserError
from hhexp.limits import TEXT_BYTES
from hhexp.tracking.store import Store


def read_text(store: Store, run_id: str, path: str) -> str | None:
    """The text of an artifact, such as predictions/validation.csv; None where the run has none.

    Raises:
        UserError: the path leads outside the run's artifacts, the artifact is too large or not
            UTF-8 text, or the store cannot be used.
    """
    check_path(path)
    client = store.client()
    folder = str(PurePosixPath(path).parent)
    listed = client.list_artifacts(run_id, None if folder == "." else folder)
    sizes = {entry.path: entry.file_size for entry in listed}
    if path not in sizes:
        return None
    TEXT_BYTES.check(sizes[path] or 0, f"run {run_id}: the artifact {path}")
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        content = Path(client.download_artifacts(run_id, path, temporary)).read_bytes()
    try:
        return content.decode()  # line ends as they are, which patches depend on
    except UnicodeDecodeError as error:
        raise UserError(f"run {run_id}: the artifact {path} is not UTF-8 text") from error


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

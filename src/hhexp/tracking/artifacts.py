"""Artifacts of a run, read back."""

import tempfile
from pathlib import Path, PurePosixPath

from hhexp.tracking.store import Store


def read_text(store: Store, run_id: str, path: str) -> str | None:
    """The text of an artifact, such as predictions/validation.csv; None where the run has none.

    Raises:
        UserError: the store cannot be used.
    """
    client = store.client()
    folder = str(PurePosixPath(path).parent)
    listed = client.list_artifacts(run_id, None if folder == "." else folder)
    if path not in {entry.path for entry in listed}:
        return None
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        return Path(client.download_artifacts(run_id, path, temporary)).read_text("utf-8")

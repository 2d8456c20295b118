"""The former form of a published run: a folder ``runs/<run ID>/`` with a file for each part.

It is still read, and written for the code of former versions, which knows no other. The list of the
images may lie in ``data/`` beside ``runs/``, under its SHA-256; the run's folder then has that in
``data.sha256``.
"""

import hashlib
import re
from pathlib import Path

from hhexp.errors import UserError
from hhexp.reading import read_bytes
from hhexp.reproduction.record import FILES, PARTS, Record, from_texts


def read_folder(folder: Path) -> Record:
    """The record of a run that was published in the former form.

    Raises:
        UserError: a file that a reproduction needs is missing, or one was edited.
    """
    texts = {name: _read_text(folder / name) for name in (*PARTS, *FILES)}
    sha256 = (_read_text(folder / "data.sha256") or "").strip()
    if re.fullmatch("[0-9a-f]{64}", sha256):
        file = folder.parents[1] / "data" / f"{sha256}.json"
        images = texts["data.json"] = _read_text(file)
        if images is not None and hashlib.sha256(images.encode()).hexdigest() != sha256:
            raise UserError(f"{file} was edited: restore it, for example with 'git checkout'")
    return from_texts(folder.name, str(folder), folder.name[:8], texts)


def write_folder(record: Record, runs: Path) -> None:
    """Write a run's record into ``runs/<run ID>/``, which is not there yet."""
    folder = runs / record.run_id
    folder.mkdir(parents=True)
    for name, text in record.texts.items():
        (folder / name).write_bytes(text.encode())


def _read_text(file: Path) -> str | None:
    """A file's text with its line ends as they are, which patches depend on."""
    try:
        return read_bytes(file).decode() if file.is_file() else None
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8 text; restore it, for example with git") from error

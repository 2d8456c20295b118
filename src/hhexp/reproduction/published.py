"""A published run: one file that a person can read, and beside it, once, what runs share.

``runs/<run ID>.yaml`` lists the files that it shares with other runs, each with its SHA-256; they
are ``runs/shared/<name>-<SHA-256><suffix>``.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from hhexp.atomic import replace_file
from hhexp.errors import UserError
from hhexp.reading import Sha256, damaged, parse_json, parse_yaml, read_bytes
from hhexp.reproduction.layout import Line, render
from hhexp.reproduction.record import FILES, Record
from hhexp.reproduction.shapes import STRINGS

SHARED = "shared"
SOURCES = "training-sources.json"
"""The shared file of those parts of the identity that are hashes of source files."""
SOURCE = "source "
"""How the names of those parts start."""

HEADER = """\
# A published run: what it was asked for, what it ran on, and what came of each epoch.
# To train it again and compare the numbers:  python -m hhexp.reproduce {run_id}
# The shared files are in the folder shared/. The name of each contains its SHA-256.
"""


def runs_folder(experiments: Path, study: str) -> Path:
    """The folder of a study's published runs.

    Raises:
        UserError: the study's name is not that of a folder, or leads elsewhere by a link.
    """
    if not re.fullmatch(r"\w[\w.-]*", study):
        raise UserError(
            f"--study {study!r}: must be a folder's name, of letters, digits, _ . and -"
        )
    runs = experiments / study / "runs"
    for folder in (runs.parent, runs, runs / SHARED):
        if folder.is_symlink():
            raise UserError(f"{folder} is a link, and could lead anywhere: remove the link")
    return runs


def write(record: Record, runs: Path) -> Path:
    """Write a run's record into the folder ``runs``, whole or not at all; the run's file.

    Raises:
        UserError: the folder cannot be written.
    """
    sources = json.dumps(_split_sources(record), indent=1) + "\n"
    texts = {**record.files, SOURCES: sources}
    hashes = {name: _sha256(text.encode()) for name, text in texts.items()}
    file = runs / f"{record.run_id}.yaml"
    try:
        (runs / SHARED).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write(_place(file, name, hashes[name]), text)
        _write(file, _compose_text(record, hashes))
    except OSError as error:
        raise UserError(f"{error.filename or file}: {error.strerror}") from error
    return file


def read(file: Path) -> Record:
    """The record of a published run.

    Raises:
        UserError: it or a file that it shares is missing, cannot be read, or was edited.
    """
    try:
        form = _Form.model_validate(parse_yaml(read_bytes(file).decode()))
        if form.run_id != file.stem:
            raise ValueError(f"run_id: must be {file.stem}, as the file's name says")
        texts = {name: _read_shared(file, name, sha256) for name, sha256 in form.shared.items()}
        sources = STRINGS.validate_python(parse_json(texts.pop(SOURCES, "{}")))
        identity = form.identity | {f"{SOURCE}{name}": sha256 for name, sha256 in sources.items()}
        own = {"run_id": form.run_id, "where": str(file), "identity": identity, "files": texts}
        return Record.model_validate({**(form.model_extra or {}), **own})
    except ValueError as error:
        raise damaged(str(file), error) from error


class _Form(BaseModel):
    """What a run's file holds in another way than its record."""

    model_config = ConfigDict(strict=True, extra="allow")

    run_id: str
    identity: dict[str, Any]
    shared: dict[str, Sha256]

    @field_validator("shared")
    @classmethod
    def _names_known_files(cls, shared: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(shared.keys() - {*FILES, SOURCES}):
            raise ValueError(f"{unknown[0]}: not a file that runs share")
        return shared


def _compose_text(record: Record, hashes: Mapping[str, str]) -> str:
    """The text of a run's file, the same for the same record."""
    parts = record.model_dump(include={"run_id", "name", "overrides", "choices", "config"})
    parts["identity"] = {k: v for k, v in record.identity.items() if not k.startswith(SOURCE)}
    if record.git is not None:
        parts["git"] = record.git.model_dump()
    if record.environment is not None:
        parts["environment"] = record.environment
    parts["shared"] = dict(hashes)
    parts["epochs"] = [
        Line(epoch=number, **epoch.describe())
        for number, epoch in enumerate(record.epochs, start=1)
    ]
    return f"{HEADER.format(run_id=record.run_id)}\n{render(parts)}"


def _split_sources(record: Record) -> dict[str, str]:
    """The parts of the identity that are hashes of source files, by the files' names."""
    parts = record.identity.items()
    return {name.removeprefix(SOURCE): sha256 for name, sha256 in parts if name.startswith(SOURCE)}


def _place(file: Path, name: str, sha256: str) -> Path:
    """Where the file of a run finds a file that it shares."""
    stem, suffix = os.path.splitext(name)
    return file.parent / SHARED / f"{stem}-{sha256}{suffix}"


def _read_shared(file: Path, name: str, sha256: str) -> str:
    place = _place(file, name, sha256)
    if not place.is_file():
        raise UserError(
            f"{place}: not found, and {file.name} needs it; copy it from where that comes from"
        )
    content = read_bytes(place)
    if _sha256(content) != sha256:
        raise UserError(
            f"{place} was edited: its SHA-256 is not the one in its name; restore it, for example "
            "with 'git checkout'"
        )
    return content.decode()  # line ends as they are, which patches depend on


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(file: Path, text: str) -> None:
    with replace_file(file) as unfinished:
        unfinished.write_bytes(text.encode())

"""What is on record of a run that was trained before: in a store, or published as files.

The list of the images is the largest of these files and the same for most runs of a study. So
published runs share it: it lies in ``data/`` beside ``runs/``, under its SHA-256, and a run's
folder has that in ``data.sha256``.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hhexp.errors import UserError
from hhexp.experiment.identity import Identity
from hhexp.provenance import FOLDER
from hhexp.reproduction.history import read_history
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import StoredRun, find_run
from hhexp.tracking.store import Store
from hhexp.training.state import PastEpoch

FILES = (
    "config.yaml",
    "overrides.txt",
    "epochs.json",
    "identity.json",
    "choices.json",
    "git.json",
    "changes.patch",
    *(f"changes-{number}.patch" for number in range(2, 6)),
    "sources.json",
    "packages.txt",
    "machine.json",
    "environment.json",
    "data.json",
)
"""Its files; the first four every run must have."""

NEEDED = FILES[:4]

SHARED, POINTER = "data.json", "data.sha256"


@dataclass(frozen=True)
class Recorded:
    """A run on record."""

    run_id: str
    where: str
    """The store or the folder that has it."""
    name: str
    files: Mapping[str, str]
    """The provenance, by file name."""

    @property
    def provenance(self) -> dict[str, str]:
        """The same texts by their artifact paths."""
        return {f"{FOLDER}/{name}": text for name, text in self.files.items()}

    @property
    def values(self) -> dict[str, Any]:
        """The resolved configuration; other people's input."""
        try:
            values = yaml.safe_load(self.files["config.yaml"])
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise UserError(
                f"run {self.run_id}: its recorded configuration cannot be read: {reason}"
            ) from error
        if not isinstance(values, dict):
            raise UserError(f"run {self.run_id}: its recorded configuration is no mapping")
        return values

    @property
    def overrides(self) -> tuple[str, ...]:
        """What was given on the command line."""
        return tuple(self.files["overrides.txt"].split("\n")[:-1])

    @property
    def choices(self) -> dict[str, str]:
        """The option taken of each group."""
        return dict(json.loads(self.files.get("choices.json", "{}")))

    @property
    def identity(self) -> Identity:
        """What moved its numbers."""
        return dict(json.loads(self.files["identity.json"]))

    @property
    def epochs(self) -> list[PastEpoch]:
        """Every epoch's metrics at full precision, and the SHA-256 of its weights."""
        try:
            return read_history(self.files["epochs.json"], self.values.get("epochs"))
        except ValueError as error:
            raise UserError(
                f"run {self.run_id} in {self.where}: its epochs.json was edited or is damaged: "
                f"{error}; bring it back, with 'git checkout' for instance"
            ) from error


def from_store(store: Store, run: StoredRun) -> Recorded:
    """The record of a run that a store has.

    Raises:
        UserError: it did not finish, was logged without what a reproduction needs, or its history
            is not whole.
    """
    if run.status != "FINISHED":
        raise UserError(f"run {run.run_id} is {run.status}: only a finished run can be reproduced")
    texts = {name: read_text(store, run.run_id, f"{FOLDER}/{name}") for name in FILES}
    return _complete(run.run_id, str(store), run.name, texts)


def from_folder(folder: Path) -> Recorded:
    """The record of a published run.

    Raises:
        UserError: a file that a reproduction needs is missing, the list of images was edited, or
            the history is not whole.
    """
    texts = {name: _text(folder / name) for name in FILES}
    sha256 = (_text(folder / POINTER) or "").strip()
    if re.fullmatch("[0-9a-f]{64}", sha256):
        file = folder.parents[1] / "data" / f"{sha256}.json"
        listed = texts[SHARED] = _text(file)
        if listed is not None and _sha256(listed) != sha256:
            raise UserError(f"{file} was edited: bring it back, with 'git checkout' for instance")
    return _complete(folder.name, str(folder), folder.name[:8], texts)


def write(recorded: Recorded, runs: Path) -> Path:
    """Write a run's record as files into ``runs/<run ID>/``, whole or not at all; the folder."""
    if not re.fullmatch("[0-9a-f]{32}", recorded.run_id):
        raise UserError(f"{recorded.run_id!r} is no run ID, so that no folder is called so")
    runs.mkdir(parents=True, exist_ok=True)
    folder = runs / recorded.run_id
    with tempfile.TemporaryDirectory(dir=runs, prefix="unfinished-") as temporary:
        made = Path(temporary) / recorded.run_id
        made.mkdir()
        for name, text in recorded.files.items():
            if name == SHARED:
                name, text = POINTER, _share(text, runs.parent / "data") + "\n"
            (made / name).write_bytes(text.encode())
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(made, folder)
    return folder


def _share(text: str, folder: Path) -> str:
    """Write a text under its SHA-256, unless it is there; that name."""
    sha256 = _sha256(text)
    folder.mkdir(exist_ok=True)
    file = folder / f"{sha256}.json"
    if not file.is_file():
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(text.encode())
        os.replace(unfinished, file)
    return sha256


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(file: Path) -> str | None:
    """A file's text with its line ends as they are, which patches depend on."""
    return file.read_bytes().decode() if file.is_file() else None


def find(store: Store, prefix: str, published: Path) -> Recorded:
    """The run of that ID or unique prefix: in the store, else among the published ones.

    Args:
        store: looked into first.
        prefix: a run's ID or how it starts.
        published: the folder of the studies, each with its ``runs/``.

    Raises:
        UserError: there is none in either place, or more than one.
    """
    folders = sorted(published.glob(f"*/runs/{prefix}*")) if prefix.isalnum() else []
    try:
        return from_store(store, find_run(store, prefix))
    except UserError as missing:
        if len({folder.name for folder in folders}) == 1:
            return from_folder(folders[0])
        if folders:
            names = ", ".join(folder.name for folder in folders)
            raise UserError(f"{prefix}: several published runs start so: {names}") from missing
        raise UserError(f"{missing}; none in {published} either") from missing


def _complete(run_id: str, where: str, name: str, texts: Mapping[str, str | None]) -> Recorded:
    if lacking := [file for file in NEEDED if texts[file] is None]:
        raise UserError(
            f"run {run_id} in {where} lacks {', '.join(lacking)}: it was not logged by "
            "hhexp.run, or by a version before 0.1"
        )
    recorded = Recorded(run_id, where, name, {k: v for k, v in texts.items() if v is not None})
    _ = recorded.epochs  # what is wrong with them is said now, and not after a training
    return recorded

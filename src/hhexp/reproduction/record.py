"""What is on record of a run that was trained before."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from hhexp.errors import UserError
from hhexp.experiment.identity import Identity
from hhexp.experiment.trace import FILE as STEPS
from hhexp.provenance import FOLDER
from hhexp.reading import damaged, describe, parse_json, parse_yaml
from hhexp.reproduction.history import read_history
from hhexp.reproduction.shapes import NAMES, Git, RunId, check_files
from hhexp.tracking.artifacts import read_text, say_lost
from hhexp.tracking.manifests import add_manifest
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.training.portability import Portability
from hhexp.training.state import PastEpoch

NEEDED = ("config.yaml", "overrides.txt", "epochs.json", "identity.json")
"""The texts without which a run cannot be reproduced."""
PARTS = (*NEEDED, "choices.json", "git.json", "environment.json")
"""The texts that a record holds as values, each under the name before its suffix."""
FILES = (
    *("sources.json", "packages.txt", "machine.json", "data.json", "portability.json", STEPS),
    *("changes.patch", *(f"changes-{number}.patch" for number in range(2, 6))),
)
"""The texts that a record keeps as they are."""


class Record(BaseModel):
    """A run on record."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    run_id: RunId
    where: str
    """The store, the file or the folder that has it."""
    name: str
    overrides: list[str]
    """What was given on the command line."""
    choices: dict[str, str] = Field(default_factory=dict)
    """The option taken of each group."""
    config: dict[str, JsonValue]
    """The resolved configuration; other people's input."""
    identity: dict[str, Any]
    """What affects its numbers."""
    git: Git | None = None
    environment: dict[str, str] | None = None
    epochs: Annotated[list[PastEpoch], BeforeValidator(read_history)]
    """Every epoch's metrics at full precision, and the SHA-256 of its weights."""
    files: Annotated[dict[str, str], AfterValidator(check_files)]
    """Those of ``FILES`` that it has, by name, with their line ends, which patches depend on."""

    @field_validator("identity")
    @classmethod
    def _has_plain_parts(cls, identity: dict[str, Any]) -> Identity:
        for name, value in identity.items():
            if not isinstance(value, str | int | float | bool | None):
                raise ValueError(f"{name}: must be a string, a number, true, false or null")
        return identity

    @field_validator("config")
    @classmethod
    def _names_modules(cls, config: dict[str, JsonValue]) -> dict[str, JsonValue]:
        try:
            NAMES.validate_python(config.get("modules") or [])
        except ValidationError as error:
            raise ValueError(f"modules: {describe(error)}") from error
        return config

    @model_validator(mode="after")
    def _has_every_epoch(self) -> Self:
        asked, stopping = self.config.get("epochs"), self.config.get("stopping")
        may_stop = isinstance(stopping, dict) and stopping.get("patience") is not None
        early = may_stop and isinstance(asked, int) and 1 <= len(self.epochs) < asked
        if len(self.epochs) != asked and not early:
            raise ValueError(
                f"epochs: there are {len(self.epochs)}, the configuration says {asked}"
            )
        return self

    @property
    def modules(self) -> list[str]:
        """The person's own modules that it was trained with."""
        return NAMES.validate_python(self.config.get("modules") or [])

    @property
    def image_counts(self) -> dict[str, dict[str, int]]:
        """The numbers of images by split and class; empty where they are not on record."""
        images = parse_json(self.files.get("data.json", "{}"))
        return dict(images.get("counts", {}))

    @property
    def portability(self) -> Portability | None:
        """What its graphs said of the vendors' CPUs; None where nobody has looked."""
        found = parse_json(self.files.get("portability.json", "{}"))
        return Portability(tuple(found["reasons"])) if found else None

    @property
    def texts(self) -> dict[str, str]:
        """All of it as the texts of ``PARTS`` and ``FILES``."""
        epochs = [
            {"epoch": number, **epoch.describe()}
            for number, epoch in enumerate(self.epochs, start=1)
        ]
        values = {
            "epochs.json": epochs,
            "identity.json": self.identity,
            "choices.json": self.choices,
            "git.json": self.git and self.git.model_dump(),
            "environment.json": self.environment,
        }
        return {
            "config.yaml": yaml.safe_dump(self.config, sort_keys=False),
            "overrides.txt": "".join(f"{override}\n" for override in self.overrides),
            **{name: json.dumps(value) for name, value in values.items() if value is not None},
            **self.files,
        }

    @property
    def provenance(self) -> dict[str, str]:
        """The texts by their artifact paths."""
        return {f"{FOLDER}/{name}": text for name, text in self.texts.items()}


def from_store(store: Store, run: StoredRun) -> Record:
    """The record of a run that a store has.

    Raises:
        UserError: it is a sweep, did not finish, has lost what a reproduction needs or was logged
            without it, or its record was edited.
    """
    if run.kind == "sweep":
        raise UserError(f"run {run.run_id} is a sweep: choose one of its runs")
    if run.status != "FINISHED":
        raise UserError(f"run {run.run_id} is {run.status}: only a finished run has a whole record")
    texts = {name: read_text(store, run.run_id, f"{FOLDER}/{name}") for name in (*PARTS, *FILES)}
    if run.kind and (lacking := [f"{FOLDER}/{name}" for name in NEEDED if texts[name] is None]):
        raise UserError(say_lost(run, lacking))
    if (data := texts["data.json"]) is not None:
        texts["data.json"] = add_manifest(store, data)
    return from_texts(run.run_id, str(store), run.name, texts)


def read_epochs(store: Store, run_id: str) -> list[PastEpoch]:
    """The epochs on record of a run in a store, without the rest of its record.

    Raises:
        UserError: they are missing, or were edited.
    """
    text = read_text(store, run_id, f"{FOLDER}/epochs.json")
    if text is None:
        raise UserError(f"run {run_id} in {store} lacks epochs.json")
    try:
        return read_history(parse_json(text))
    except ValueError as error:
        raise damaged(f"run {run_id} in {store}", error) from error


def from_texts(run_id: str, where: str, name: str, texts: Mapping[str, str | None]) -> Record:
    """The record in the texts of ``PARTS`` and ``FILES``; None for those that there are not.

    Raises:
        UserError: one that a reproduction needs is missing, or one was edited.
    """
    if lacking := [file for file in NEEDED if texts.get(file) is None]:
        raise UserError(
            f"run {run_id} in {where} lacks {', '.join(lacking)}: it was not logged by "
            "hhexp.run, or by a version before 0.1"
        )
    there = {file: text for file, text in texts.items() if text is not None}
    try:
        parts = {
            part.partition(".")[0]: _parse(part, there[part]) for part in PARTS if part in there
        }
        files = {file: there[file] for file in FILES if file in there}
        return Record(run_id=run_id, where=where, name=name, files=files, **parts)
    except ValueError as error:
        raise damaged(f"run {run_id} in {where}", error) from error


def _parse(part: str, text: str) -> Any:
    if part == "overrides.txt":
        return text.removesuffix("\n").split("\n") if text else []
    try:
        return parse_yaml(text) if part == "config.yaml" else parse_json(text)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from error

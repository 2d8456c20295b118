"""The shapes that the parts of a record must have: they may be other people's files."""

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

from hhexp.experiment.trace import FILE as STEPS
from hhexp.experiment.trace import read_trace
from hhexp.reading import Sha256, describe, parse_json
from hhexp.tracking.manifests import POINTER


def _check_run_id(text: str) -> str:
    if len(text) != 32 or set(text) - set("0123456789abcdef"):
        raise ValueError("must be a run ID (32 hex digits)")
    return text


RunId = Annotated[str, AfterValidator(_check_run_id)]


class Repository(BaseModel):
    """The state of a git repository, as ``hhexp.provenance.repository`` records it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    modules: list[str]
    repository: str | None = None
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    cut: bool = False
    left_out: list[str] = Field(default_factory=list)
    note: str = ""


class Git(Repository):
    """The repository of hhexp's own code, and those of the person's modules."""

    others: list[Repository] = Field(default_factory=list)


class _Image(BaseModel):
    model_config = ConfigDict(strict=True)

    path: str
    bytes: int
    sha256: Sha256


class _Images(BaseModel):
    model_config = ConfigDict(strict=True)

    files: list[_Image] | None = None
    pointer: Annotated[dict[str, str] | None, Field(alias=POINTER)] = None
    """Where the store has the list, if it could not be read from there."""
    fingerprint: str | None = None
    counts: dict[str, dict[str, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_list(self) -> Self:
        if self.files is None and self.pointer is None:
            raise ValueError("files: missing")
        return self


class _Machine(BaseModel):
    model_config = ConfigDict(strict=True)

    cpu: str | None = None
    cpu_flags: list[str] | None = None
    gpus: list[str] | None = None


class _Portability(BaseModel):
    model_config = ConfigDict(strict=True)

    reasons: list[str]


NAMES = TypeAdapter(list[str], config=ConfigDict(strict=True))
STRINGS = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))


def _check_packages(text: str) -> None:
    for line in text.splitlines():
        if "==" not in line:
            raise ValueError(f"{line!r}: must be a package and its version, such as numpy==2.1.0")


CHECKS: dict[str, Callable[[str], object]] = {
    "sources.json": lambda text: STRINGS.validate_python(parse_json(text)),
    "packages.txt": _check_packages,
    "machine.json": lambda text: _Machine.model_validate(parse_json(text)),
    "data.json": lambda text: _Images.model_validate(parse_json(text)),
    "portability.json": lambda text: _Portability.model_validate(parse_json(text)),
    STEPS: read_trace,
}
"""Raises ValueError where the text of the file is not what a run writes."""


def check_files(files: dict[str, str]) -> dict[str, str]:
    """Check the texts of a record's files, given by name.

    Raises:
        ValueError: in one line, the file and what is wrong in it.
    """
    for name, text in files.items():
        try:
            CHECKS.get(name, str)(text)
        except ValueError as error:
            raise ValueError(f"{name}: {describe(error)}") from error
    return files

"""A study's file, study.yaml: found, read, and checked with what is wrong said in its own words."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hhexp.analysis.grid import Cell
from hhexp.analysis.seed_plan import SeedPlan
from hhexp.analysis.study import (
    Claim,
    Contrast,
    Figure,
    Reference,
    Scalar,
    Statement,
    Study,
)
from hhexp.config.check import suggest
from hhexp.config.schema import Section
from hhexp.errors import UserError
from hhexp.reading import describe, parse_yaml, read_bytes

FOLDER = Path("experiments")
FILE = "study.yaml"


def find_study_file(selection: str) -> Path | None:
    """The file of a study given by its path, its folder, or its name under experiments/."""
    with contextlib.suppress(OSError):  # a filter may be longer than any path
        for place in (Path(selection), FOLDER / selection):
            if place.is_dir() and (place / FILE).is_file():
                return place / FILE
            if place.is_file() and place.suffix in (".yaml", ".yml"):
                return place
    return None


def require_study_file(selection: str, option: str = "") -> Path:
    """The same of a study that has to be there.

    Raises:
        UserError: it is not; the message starts with the option that names it.
    """
    if file := find_study_file(selection):
        return file
    there = sorted(each.parent.name for each in FOLDER.glob(f"*/{FILE}"))
    raise UserError(
        f"{option}{selection}: no such study (a folder with {FILE}, here or in {FOLDER}/)"
        f"{suggest(selection, there) if there else ''}"
    )


def read_study(file: Path) -> Study:
    """Read and check a study.

    Raises:
        UserError: it cannot be read, or something in it is wrong; names the claim and the key.
    """
    try:
        values = parse_yaml(read_bytes(file).decode(), aliases=True)
    except ValueError as error:
        raise UserError(f"{file}: {describe(error)}") from error
    if not isinstance(values, dict):
        raise UserError(f"{file}: must contain keys such as question, grid, seeds and claims")
    values.setdefault("name", file.absolute().parent.name if file.name == FILE else file.stem)
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_describe_error(detail, values) for detail in error.errors())
        raise UserError(f"{file}: {problems}") from error
    _check_cells(study, file)
    named = find_study_file(study.name)
    if named and named.absolute() == file.absolute():
        return study
    return study.at(str(file.parent if file.name == FILE else file))


def _check_cells(study: Study, file: Path) -> None:
    """Check that claims and figures name cells of the grid, and that claims' names are unique."""
    named: dict[str, Mapping[str, Scalar]] = {}
    for claim in study.claims:
        if any(key.startswith(f"claim {claim.name}:") for key in named):
            raise UserError(f"{file}: claim {claim.name}: name: another claim has the same name")
        for number, statement in enumerate(claim.statements):
            where = f"claim {claim.name}: statements.{number}"
            _refuse_nothing(study, statement, f"{file}: {where}")
            named[f"{where}.cell"] = statement.cell
            named[f"{where}.versus"] = statement.versus or statement.cell
            if statement.minus:
                named[f"{where}.minus.cell"] = statement.minus.cell
                named[f"{where}.minus.versus"] = statement.minus.versus or {}
    for number, figure in enumerate(study.reference.figures if study.reference else []):
        named[f"reference.figures.{number}.cell"] = figure.cell
    for where, values in named.items():
        try:
            study.cell(values)
        except UserError as error:
            raise UserError(f"{file}: {where}: {error}") from error


def _refuse_nothing(study: Study, statement: Statement, where: str) -> None:
    """Refuse a difference of a cell from itself, which is 0 whatever is trained."""
    asked = [(statement, ""), *([(statement.minus, "minus.")] if statement.minus else [])]
    for each, prefix in asked:
        if each.versus and _find_cell(study, each.cell) == _find_cell(study, each.versus):
            raise UserError(f"{where}.{prefix}versus: is the same cell as {prefix}cell")
    if statement.minus and all(
        getattr(statement, key) == getattr(statement.minus, key) for key in Contrast.model_fields
    ):
        raise UserError(f"{where}.minus: is the same difference as that which it is taken from")


def _find_cell(study: Study, values: Mapping[str, Scalar]) -> Cell:
    """The cell that a claim names; the values themselves where they name none."""
    with contextlib.suppress(UserError):
        return study.cell(values)
    return {key: str(value) for key, value in values.items()}


def _describe_error(detail: Any, values: Mapping[str, Any]) -> str:
    """A validation error in one line; a claim is called by its name."""
    location = [str(part) for part in detail["loc"]]
    where = ""
    if location[:1] == ["claims"] and len(location) > 1:
        claim = values["claims"][int(location[1])]
        name = claim.get("name") if isinstance(claim, dict) else None
        where, location = f"claim {name or int(location[1]) + 1}: ", location[2:]
    if location[:1] == ["seeds"]:
        location = [part for part in location if part not in ("list", "plan")]
    key = ".".join(location)
    if detail["loc"] == ():  # of the whole, which names its key itself
        return str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return f"{where}{key}: no such key{suggest(location[-1], _list_keys(location))}"
    if detail["type"] == "missing":
        return f"{where}{key}: missing"
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    if detail["type"] == "value_error":
        return f"{where}{f'{key}: ' if key else ''}{message}"
    told = f"{key}={detail['input']}: " if key else ""
    return f"{where}{told}{message}"


def _list_keys(location: list[str]) -> list[str]:
    """The keys that are allowed where an unknown one was found."""
    schema: type[Section] = Study
    if location[0] == "seeds":
        schema = SeedPlan
    elif "minus" in location[:-1]:
        schema = Contrast
    elif "statements" in location[:-1]:
        schema = Statement
    elif "figures" in location[:-1]:
        schema = Figure
    elif location[0] == "reference" and len(location) > 1:
        schema = Reference
    elif len(location) == 1 and location[0] not in Study.model_fields:
        return [*Claim.model_fields, *Study.model_fields]
    return list(schema.model_fields)

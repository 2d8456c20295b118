"""A study: question, grid, seeds, claims, and what others found."""

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import Statistic
from hhexp.analysis.seed_plan import SeedPlan, Seeds
from hhexp.config.schema import Section
from hhexp.errors import UserError
from hhexp.launching.overrides import read_overrides

SHARES = ("accuracy", "balanced_accuracy", "recall", "precision", "f1")
"""Kinds of metrics that lie between 0 and 1."""
Scalar = str | int | float | bool | None


def _read_exponent(value: object) -> object:
    """A number such as 1e-2, which YAML 1.1 reads as a text without a point in it."""
    written = isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value)
    return float(str(value)) if written else value


def _check_metric(metric: str) -> str:
    """Refuse what is the name of no metric that can be claimed about."""
    if not re.fullmatch(r"(train|val|val_\w+|test|best|time|perf)/\S.*", metric):
        raise ValueError(f"{metric!r} must be a metric with its split, such as val/accuracy")
    return metric


def _check_name(name: str) -> str:
    if not re.fullmatch(r"\w+", name):
        raise ValueError(f"{name!r} must be one word of letters, digits and _")
    return name


def _refuse_others(value: object) -> object:
    """Refuse what YAML reads as neither a text nor a number, such as a date or a list."""
    if not isinstance(value, Scalar):
        raise ValueError("must be a text or a number; put quotes around a date")
    return value


Number = Annotated[float, BeforeValidator(_read_exponent)]
CellValues = Annotated[
    dict[str, Annotated[Scalar, BeforeValidator(_refuse_others)]], Field(min_length=1)
]
Text = Annotated[str, Field(min_length=1)]


class Contrast(Section):
    """A statistic of a metric in one cell, or its difference ``cell`` − ``versus``."""

    metric: Annotated[str, AfterValidator(_check_metric)]
    statistic: Statistic
    cell: CellValues
    versus: CellValues | None = None

    @property
    def is_share(self) -> bool:
        """Whether it is a number between 0 and 1, such as an accuracy, or a difference of such."""
        kind = self.metric.removeprefix("test/best/").removeprefix("best/").split("/")
        return self.statistic != "total" and bool({*SHARES} & {*kind[:2]})


class Statement(Contrast):
    """What is claimed about a contrast: it is higher or lower than a level, or than the other cell
    by more than a margin, or within a margin of it; with ``minus``, about the difference from
    another contrast."""

    minus: Contrast | None = None
    direction: Literal["higher", "lower", "within"]
    margin: Annotated[Number, Field(ge=0)] = 0.0
    level: Number | None = None

    @model_validator(mode="after")
    def _has_something_to_compare(self) -> "Statement":
        if self.direction == "within" and self.level is not None:
            raise ValueError("level: use higher or lower; within needs versus, a second cell")
        if (self.versus is None) == (self.level is None):
            raise ValueError("versus or level: give exactly one, a second cell or a number")
        if self.level is not None and (self.margin or self.minus):
            raise ValueError("level: cannot be combined with margin or minus")
        if self.direction == "within" and not self.margin:
            raise ValueError(
                "margin: missing, the largest difference that still counts as the same"
            )
        if self.minus and self.minus.versus is None:
            raise ValueError("minus.versus: missing, minus must be a difference of two cells")
        edge = self.margin if self.level is None else abs(self.level)
        if self.is_share and edge > 1:
            key = "margin" if self.level is None else "level"
            raise ValueError(
                f"{key}: {edge:g} is more than any {self.metric}, which is a share: write "
                f"{edge / 100:g} for {edge:g} %"
            )
        return self


class Claim(Section):
    """A claim: it holds where all its statements hold."""

    name: Annotated[str, AfterValidator(_check_name)]
    text: Text
    primary: bool = False
    """Whether it is what the study was made for. Where no claim is marked, all are."""
    statements: Annotated[list[Statement], Field(min_length=1)]

    @property
    def is_judged(self) -> bool:
        """Whether runs can decide it. Seconds on a clock are not compared: they are of runs that
        did not alternate, and whatever else the machine did meanwhile is in them."""
        measured = [s.metric for s in self.statements]
        measured += [s.minus.metric for s in self.statements if s.minus]
        return not any(metric.startswith(("time/", "perf/")) for metric in measured)


class Figure(Section):
    """A published number, or the two ends of a range."""

    cell: CellValues
    metric: Text
    statistic: Statistic
    value: Number | Annotated[list[Number], Field(min_length=2, max_length=2)]
    note: str = ""

    @property
    def middle(self) -> float:
        """The number, or the middle of the range."""
        return sum(self.value) / 2 if isinstance(self.value, list) else self.value


class Reference(Section):
    """What others published."""

    source: Text
    figures: list[Figure]


class Study(Section):
    """All that a study.yaml says."""

    name: Text
    title: Text
    question: Text
    grid: Text
    """Hydra's overrides, whose combinations are the study's cells."""
    fixed: str = ""
    """Overrides that all runs share."""
    seeds: Seeds
    """The seeds, judged when all are there; or how many there may be, and when they are judged."""
    remarks: str = ""
    """What a reader of the results must know, such as smaller images."""
    claims: list[Claim] = Field(default_factory=list)
    reference: Reference | None = None
    views: dict[str, str] = Field(default_factory=dict)
    """Names of partial views in the metrics (val_<view>/accuracy), and what each shows."""
    _place: str = PrivateAttr("")
    """How a command finds it; empty where its name will do."""

    @field_validator("grid", "fixed")
    @classmethod
    def _are_overrides(cls, text: str, info: ValidationInfo) -> str:
        try:
            values = read_overrides(shlex.split(text))
        except UserError as error:
            raise ValueError(str(error)) from error
        if len(values) < len(shlex.split(text)):
            raise ValueError("a key is there twice")
        for key, given in values.items():
            if key == grid.SEED:
                raise ValueError("seed: the seeds are given by the key seeds")
            if key == "explain":
                raise ValueError("explain: use python -m hhexp.study NAME --explain")
            if info.field_name == "fixed" and key != grid.FOLD and len(given) > 1:
                raise ValueError(f"{key}: has several values, which belong in grid")
            if len({*map(grid.normalise, given)}) < len(given):
                raise ValueError(f"{key}: a value is there twice")
        return text

    @model_validator(mode="after")
    def _is_either_varied_or_fixed(self) -> "Study":
        fixed = read_overrides(shlex.split(self.fixed))
        if both := [key for key in self.cells[0] if key in fixed]:
            raise ValueError(f"fixed: {both[0]} is in grid, too")
        return self

    @cached_property
    def cells(self) -> list[Cell]:
        """Every combination of the grid's values."""
        return grid.combine(read_overrides(shlex.split(self.grid)))

    @cached_property
    def shared(self) -> Cell:
        """What all runs share."""
        fixed = read_overrides(shlex.split(self.fixed))
        return {key: values[0] for key, values in fixed.items() if key != grid.FOLD}

    @property
    def looks(self) -> tuple[int, ...]:
        """The seeds that are there when the claims are judged, at each look."""
        return self.seeds.looks if isinstance(self.seeds, SeedPlan) else (len(self.seeds),)

    @property
    def planned(self) -> list[int]:
        """All seeds that there may be, in the order in which they are trained."""
        return list(range(self.seeds.most) if isinstance(self.seeds, SeedPlan) else self.seeds)

    @property
    def primary(self) -> list[Claim]:
        """The claims that the study was made for, which share one error."""
        return [claim for claim in self.claims if claim.primary] or self.claims

    @property
    def secondary(self) -> list[Claim]:
        """The other claims, which share an error of their own."""
        return [claim for claim in self.claims if claim not in self.primary]

    def at(self, place: str) -> "Study":
        """This study, which a command finds at a place and not by its name."""
        self._place = place
        return self

    @property
    def command(self) -> str:
        """The command that trains the study."""
        if isinstance(self.seeds, SeedPlan):
            return f"python -m hhexp.study {shlex.quote(self._place or self.name)}"
        return shlex.join(["python", "-m", "hhexp.run", *self.words(self.planned)])

    def words(self, seeds: Sequence[int]) -> list[str]:
        """The words of ``hhexp.run`` that train all cells with these seeds."""
        seed = f"seed={','.join(map(str, seeds))}"
        return ["-m", *shlex.split(self.grid), seed, *shlex.split(self.fixed)]

    @property
    def registered(self) -> dict[str, Any]:
        """What is written down before the first run: the question, what is trained, the plan and
        the claims. Remarks, references and names of views may change."""
        return self.model_dump(
            include={"question", "grid", "fixed", "seeds", "claims"}, exclude_defaults=True
        )

    def cell(self, values: Mapping[str, Scalar]) -> Cell:
        """The cell of the grid that a claim names.

        Raises:
            UserError: it names none, or more than one.
        """
        found = [cell for cell in self.cells if grid.holds(values, cell)]
        if len(found) == 1:
            return found[0]
        problem = f"{len(found)} cells" if found else "no cell"
        known = "; ".join(map(grid.label, self.cells))
        hint = ""
        if any(isinstance(value, bool) for value in values.values()):
            hint = " (YAML reads no, off, yes and on as false and true: put quotes around them)"
        raise UserError(
            f"{grid.label(values)} matches {problem} of the grid, whose cells are: {known}{hint}"
        )

"""The seeds of a study: a plan of how many and when they are judged, or a list."""

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from hhexp.config.schema import Section

MOST_SEEDS = 1_000
"""At the last look of a plan; the errors of more looks than so many are not computed well."""


def _refuse_repeats(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is there twice")
    return seeds


class SeedPlan(Section):
    """How many seeds a study has, and after how many its claims are judged."""

    first: Annotated[int, Field(ge=2)]
    """At the first look; an interval needs two."""
    most: Annotated[int, Field(ge=2, le=MOST_SEEDS)]
    """At the last."""
    look_every: Annotated[int, Field(ge=1)]
    """Seeds from one look to the next."""

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> "SeedPlan":
        if self.most < self.first:
            raise ValueError(f"most={self.most}: must be at least first, {self.first}")
        return self

    @property
    def looks(self) -> tuple[int, ...]:
        """The seeds at each look."""
        return (*range(self.first, self.most, self.look_every), self.most)


Seeds = Annotated[
    Annotated[
        list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_refuse_repeats),
        Tag("list"),
    ]
    | Annotated[SeedPlan, Tag("plan")],
    Discriminator(lambda value: "plan" if isinstance(value, dict | SeedPlan) else "list"),
]  # fmt: skip

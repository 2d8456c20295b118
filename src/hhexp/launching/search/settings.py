"""What a search was asked for, beside its space."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from hhexp.config.schema import Section
from hhexp.errors import UserError
from hhexp.reading import describe


class Settings(Section):
    """The keys of ``hydra.sweeper``; see ``conf/hydra/sweeper/search.yaml``."""

    n_trials: Annotated[int, Field(ge=1)]
    sampler: Literal["tpe", "random"]
    seed: Annotated[int, Field(ge=0)]
    pruner: Literal["median", "none"]
    startup: Annotated[int, Field(ge=1)]
    warmup: Annotated[int, Field(ge=1)]

    @classmethod
    def check(cls, values: dict[str, Any]) -> "Settings":
        """The settings, checked.

        Raises:
            UserError: one is wrong.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            said = describe(error).replace("Input should be", "must be")
            raise UserError(f"hydra.sweeper.{said}") from error

    def describe(self) -> dict[str, Any]:
        """What makes it another search: all but its length."""
        return self.model_dump(exclude={"n_trials"})

"""A run to be made: its checked configuration, and its data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import hhexp.training.loss  # noqa: F401 (registers its functions)
from hhexp import data, models
from hhexp.config.check import check
from hhexp.config.objective import AREAS, RECALL
from hhexp.config.registry import import_modules
from hhexp.config.schema import Config, Runtime
from hhexp.data import Dataset
from hhexp.errors import UserError
from hhexp.experiment.scores import AT_EVERY_EPOCH
from hhexp.tracking.store import Store
from hhexp.training import isa
from hhexp.training import optimizer as _registered  # noqa: F401
from hhexp.training.learning_rate import list_rates


@dataclass(frozen=True)
class Job:
    """A run to be made."""

    key: str
    """What tells it from the other jobs of its sweep, such as ``aug=full epochs=15``."""
    config: Config
    """As ``check_config`` has checked it."""
    overrides: tuple[str, ...] = ()
    """What was given on the command line."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The option taken of each group, such as aug: full."""
    keep: tuple[int, ...] = ()
    """The epochs whose states other runs of its sweep continue from."""
    judged: bool = False
    """Whether a search is asked after each epoch if the run is to go on."""
    reproduces: str | None = None
    """The ID of the run that it trains again, to see whether the numbers come back."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    key: str
    run_id: str | None
    status: str
    """FINISHED, FAILED, KILLED or STOPPED."""
    objective: float | None
    error: str

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.status == "FINISHED"

    @property
    def failed(self) -> bool:
        """Whether it did not, though no search has ended it."""
        return self.status not in ("FINISHED", "STOPPED")


def check_config(values: Mapping[str, Any]) -> Config:
    """Check all of a resolved configuration that can be checked without a heavy import.

    The modules that it names are imported first. So it must be the person's own configuration; one
    from a record is checked by ``hhexp.experiment.recorded``.

    Raises:
        UserError: something in it is wrong.
    """
    modules = values.get("modules")
    if isinstance(modules, list) and all(isinstance(name, str) for name in modules):
        values = {**values, "modules": import_modules(modules)}
    config = check(values)
    Store.resolve(config.tracking.uri)
    check_precision(config.runtime)
    list_rates(config.lr, 1, steps=1, epochs=config.epochs)
    if config.data.image_size is not None:
        models.check_model(config.model.builder, config.model.arguments, config.data.image_size)
    return config


def check_precision(runtime: Runtime) -> None:
    """Check that TensorFlow can compute in a precision under a cap.

    Raises:
        UserError: TensorFlow asks the CPU for bfloat16 where oneDNN asks the cap, and aborts where
            only the first has it.
    """
    if runtime.precision == "float32" or "avx512" in isa.find_effective(runtime.isa):
        return
    if "avx512" in isa.find_effective("native"):
        raise UserError(
            f"runtime.isa={runtime.isa}: mixed_bfloat16 needs avx512 or more on this CPU; "
            "set runtime.isa=avx512, or runtime.precision=float32"
        )


def read_data(config: Config) -> Dataset:
    """Read the data set that a configuration names, decoded once and cached.

    Raises:
        UserError: it is missing, damaged, or does not fit the model.
    """
    dataset = data.open_dataset(config.data)
    check_objective(config.objective, dataset)
    side = min(dataset.train.images.shape[1:3])
    models.check_model(config.model.builder, config.model.arguments, side)
    return dataset


def check_objective(objective: str, dataset: Dataset) -> None:
    """Check that a metric to choose the best epoch by is measured at every epoch.

    Raises:
        UserError: it is not, of this data set.
    """
    name = objective.removeprefix(RECALL)
    if name != objective and name not in dataset.classes:
        raise UserError(
            f"objective={objective}: no such class; the classes are {', '.join(dataset.classes)}"
        )
    answers = len(dataset.validation.paths) * len(dataset.classes)
    if objective in AREAS and answers > AT_EVERY_EPOCH:
        raise UserError(
            f"objective={objective}: with {answers:,} validation images times classes it is "
            f"measured at the end only (at every epoch up to {AT_EVERY_EPOCH:,}); choose another, "
            "such as val/balanced_accuracy"
        )


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones: {"lr": {"value": 1}} as {"lr.value": 1}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat

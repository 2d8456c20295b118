"""A run to be made: its configuration, checked, and its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hhexp import data, models
from hhexp.config.check import check
from hhexp.config.registry import data_reader
from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.data.views import View
from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Job:
    """A run to be made."""

    key: str
    """What tells it from the other jobs of its sweep, such as ``aug=full epochs=15``."""
    values: Mapping[str, Any]
    """The resolved configuration."""
    overrides: tuple[str, ...]
    """What was given on the command line."""
    choices: Mapping[str, str]
    """The option taken of each group, such as aug: full."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    key: str
    run_id: str | None
    status: str
    """FINISHED, FAILED or KILLED."""
    objective: float | None
    error: str

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.status == "FINISHED"


def prepare(job: Job) -> Config:
    """Check a job's configuration, without importing anything heavy.

    Raises:
        UserError: something in it is wrong.
    """
    config = check(job.values)
    Store.resolve(config.tracking.uri)
    views(config)
    if config.data.image_size is not None:
        models.check_model(config.model.builder, config.model.arguments, config.data.image_size)
    return config


def views(config: Config) -> list[View]:
    """The views that a trained model is judged by.

    Raises:
        UserError: one is neither a box nor a share, or out of range.
    """
    return [
        View(name, None if view.box is None else tuple(view.box), view.share, view.seed)  # type: ignore[arg-type]
        for name, view in config.data.views.items()
    ]


def read_data(config: Config) -> Dataset:
    """Read the data set that a configuration names, decoded once and cached.

    Raises:
        UserError: it is missing, damaged, or does not fit the model.
    """
    reader = data_reader.functions[config.data.reader]
    dataset = data.load(config.data.name, reader(**config.data.arguments), config.data.image_size)
    side = min(dataset.train.images.shape[1:3])
    models.check_model(config.model.builder, config.model.arguments, side)
    return dataset


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones: {"lr": {"value": 1}} as {"lr.value": 1}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat

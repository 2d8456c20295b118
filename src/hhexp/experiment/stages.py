"""A run as a chain of stages: a stage names all that leads to the weights after an epoch.

Stage 0 is the SHA-256 of all that holds for the whole run. Stage e is that of stage e - 1 and of
what moves epoch e: the learning rate of each of its steps, its augmentation and its batch size. So
two runs share their first k epochs, bit for bit, exactly if their stages k are equal.
"""

import bisect
import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.experiment.identity import (
    Identity,
    describe_augmentation,
    describe_test,
    identify,
)
from hhexp.training.learning_rate import list_rates
from hhexp.training.portability import Portability

BY_EPOCH = ("lr.", "aug.", "batch_size")
"""How the parts of an identity begin that move single epochs: the stages from 1 on hold them."""


@dataclass(frozen=True)
class Chain:
    """A run's stages, and what they come from."""

    identity: Identity
    stages: tuple[str, ...]
    """Stage 0, and that after each epoch."""
    request: str
    """The last stage with all that was asked for, also where it moves no number: a finished run
    answers a job of the same request."""
    objective: str = "val/accuracy"
    """What the best epoch is chosen by."""
    patience: int | None = None
    """Epochs without a better one after which the run stops, maybe before its last stage."""

    @property
    def epochs(self) -> int:
        """The epochs of the whole run."""
        return len(self.stages) - 1


def build_chain(
    config: Config,
    dataset: Dataset,
    device: str,
    portability: Portability | None = None,
    instruction_set: str | None = None,
) -> Chain:
    """The chain of a run's stages; the arguments are those of ``identify``.

    Raises:
        UserError: the learning-rate schedule fails.
    """
    identity = identify(config, dataset, device, portability, instruction_set)
    steps = math.ceil(len(dataset.train.paths) / config.batch_size)
    stages = [name_first_stage(identity)]
    augmented = describe_augmentation(config.aug)
    for epoch in range(1, config.epochs + 1):
        rates = list_rates(config.lr, epoch, steps=steps, epochs=config.epochs)
        moved_by = {
            "lr": _write_rates(rates),
            "aug": augmented if config.aug.is_active(epoch) else None,
            "batch_size": config.batch_size,
        }
        stages.append(_hash([stages[-1], moved_by]))
    asked = {
        "lr": config.lr.model_dump(),
        "aug": None if config.aug.is_plain else config.aug.model_dump(),
        "objective": config.objective,
        "stopping": config.stopping.model_dump(),
        "metrics": [part.model_dump() for part in config.metrics],
        "callbacks": [part.model_dump() for part in config.callbacks],
        "views": {name: view.model_dump() for name, view in config.data.views.items()},
    } | describe_test(dataset)
    request = _hash([stages[-1], asked])
    patience = config.stopping.patience
    return Chain(identity, tuple(stages), request, config.objective, patience)


def name_first_stage(identity: Identity) -> str:
    """Stage 0 of the runs with that identity: the hash of its parts that hold for all epochs."""
    return _hash({name: part for name, part in identity.items() if not name.startswith(BY_EPOCH)})


def count_shared(one: Chain, other: Chain) -> int:
    """How many first epochs two runs share; -1 where not even their stages 0 are equal."""
    upto = range(min(one.epochs, other.epochs) + 1)
    return bisect.bisect_left(upto, True, key=lambda e: one.stages[e] != other.stages[e]) - 1


def is_beginning(config: Config, epochs: int, images: int) -> bool:
    """Whether a run of fewer epochs would train the first epochs of this one.

    Args:
        config: of the longer run.
        epochs: the shorter's.
        images: in the training split.
    """
    steps = math.ceil(images / config.batch_size)
    return all(
        np.array_equal(
            list_rates(config.lr, epoch, steps=steps, epochs=epochs),
            list_rates(config.lr, epoch, steps=steps, epochs=config.epochs),
        )
        for epoch in range(1, epochs + 1)
    )


def _write_rates(rates: np.ndarray) -> float | list[float]:
    """An epoch's rates; one number where all are the same."""
    return float(rates[0]) if (rates == rates[0]).all() else [float(rate) for rate in rates]


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

"""A training's whole state between two epochs: weights, optimizer, past and best, as one file.

Plain arrays in NumPy's .npz format: nothing in it can run code when it is read.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras


ANSWERS = "answers/"
"""How the arrays of the epochs' probabilities are named, before the epoch."""
BEST = "best/"
"""How those of the best epoch's weights are, before the epoch."""


@dataclass(frozen=True)
class PastEpoch:
    """What is remembered of an epoch."""

    metrics: dict[str, float]
    weights: str
    """SHA-256 of all weights after it."""
    scores: dict[str, float] = field(default_factory=dict, compare=False)
    """What else was measured of it, such as val/f1; records leave it out."""
    probabilities: Any = field(default=None, compare=False, repr=False)
    """[N, C] float32 array: each class's, for each validation image; None where they are not kept.
    (pydantic, which reads records of epochs, knows no arrays.)"""

    @property
    def measured(self) -> dict[str, float]:
        """The metrics and the scores."""
        return {**self.metrics, **self.scores}

    def describe(self) -> dict[str, Any]:
        """The metrics and the weights, as they are written to records."""
        return {"metrics": self.metrics, "weights": self.weights}


@dataclass(frozen=True)
class Best:
    """The weights after the best epoch so far."""

    epoch: int
    weights: tuple[np.ndarray, ...]
    """In the order of ``model.weights``."""

    @classmethod
    def of(cls, model: "keras.Model", epoch: int) -> "Best":
        """A model's weights as they are now."""
        return cls(epoch, tuple(weight.numpy() for weight in model.weights))

    def put(self, model: "keras.Model") -> None:
        """Give a model these weights."""
        for weight, value in zip(model.weights, self.weights, strict=True):
            weight.assign(value)


def save_state(
    model: "keras.Model",
    optimizer: "keras.optimizers.Optimizer",
    history: Sequence[PastEpoch],
    best: Best | None = None,
) -> bytes:
    """The state after the epochs in ``history``, and these, as the content of a .npz file.

    ``model.variables`` holds the weights and what else a layer keeps, such as a dropout's seed. The
    best epoch's weights are kept beside them, unless it is the last.
    """
    arrays = {f"model/{i:04}": v.numpy() for i, v in enumerate(model.variables)}
    arrays |= {f"optimizer/{i:04}": v.numpy() for i, v in enumerate(optimizer.variables)}
    if best and best.epoch != len(history):
        arrays |= {f"{BEST}{best.epoch:05}/{i:04}": w for i, w in enumerate(best.weights)}
    content = io.BytesIO()
    text = json.dumps([{**epoch.describe(), "scores": epoch.scores} for epoch in history])
    for number, epoch in enumerate(history, start=1):
        if epoch.probabilities is not None:
            arrays[f"{ANSWERS}{number:05}"] = epoch.probabilities
    arrays["history"] = np.frombuffer(text.encode(), np.uint8)
    np.savez(content, **arrays)
    return content.getvalue()


def load_state(
    model: "keras.Model", optimizer: "keras.optimizers.Optimizer", content: bytes
) -> tuple[list[PastEpoch], Best | None]:
    """Put a saved state into a model and an optimizer of the same configuration.

    Returns:
        the epochs that led to it, and the best one's weights where it has them.

    Raises:
        ValueError: it belongs to another model or optimizer.
    """
    optimizer.build(model.trainable_variables)
    variables = {f"model/{i:04}": v for i, v in enumerate(model.variables)}
    variables |= {f"optimizer/{i:04}": v for i, v in enumerate(optimizer.variables)}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        answers = {name for name in arrays.files if name.startswith(ANSWERS)}
        of_best = sorted(name for name in arrays.files if name.startswith(BEST))
        if {*arrays.files} - answers - {*of_best} != {"history", *variables}:
            raise ValueError("the state belongs to another model or optimizer")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        past = json.loads(arrays["history"].tobytes())
        names = [f"{ANSWERS}{number:05}" for number in range(1, len(past) + 1)]
        history = [
            PastEpoch(**epoch, probabilities=arrays[name] if name in answers else None)
            for name, epoch in zip(names, past, strict=True)
        ]
        best = None
        if of_best:
            number = int(of_best[0].split("/")[1])
            best = Best(number, tuple(arrays[name] for name in of_best))
        return history, best


def hash_weights(model: "keras.Model") -> str:
    """SHA-256 over the bytes of all weights, in the model's own order."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return digest.hexdigest()

"""The person's own metrics and callbacks, at the end of each epoch. They move no training.

A metric sees the answers to the validation images alone, so that it can be taken later too, of
epochs whose answers are kept. A callback sees the model: that it leaves it alone is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from hhexp.config.registry import epoch_callback, metric_function
from hhexp.config.schema import Config, Part
from hhexp.errors import UserError, locate
from hhexp.experiment.assembly import Training
from hhexp.experiment.scores import score
from hhexp.tracking.run import TrackedRun
from hhexp.training.evaluation import Evaluation
from hhexp.training.loop import Epoch
from hhexp.training.state import PastEpoch, hash_weights

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class EpochEnd:
    """What a callback is given."""

    number: int
    """Of the epoch, from 1."""
    metrics: Mapping[str, float]
    """All that was logged of it, such as val/accuracy."""
    answers: Evaluation
    """The model's, to the validation images: probabilities [N, C] and labels [N]."""
    classes: tuple[str, ...]
    model: "keras.Model"
    """To look at, not to change."""
    tracked: TrackedRun
    folder: str

    def log_text(self, text: str, name: str) -> None:
        """Log a text as the run's artifact ``callbacks/<callback>/<name>``."""
        self.tracked.log_text(text, f"{self.folder}/{name}")

    def log_figure(self, figure: "Figure", name: str) -> None:
        """Log a Matplotlib figure in the same folder; the name's ending gives the format."""
        self.tracked.log_figure(figure, f"{self.folder}/{name}")


def measure(config: Config, labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """The person's own metrics of an epoch's answers, such as ``val/margin``.

    Args:
        config: the run's.
        labels: [N] int64, the validation images' true classes.
        probabilities: [N, C] float32.

    Raises:
        UserError: a metric fails, or gives no number.
    """
    return {
        f"val/{part.name}": _measure_one(part, labels.copy(), probabilities.copy())
        for part in config.metrics
    }


def measure_past(config: Config, past: PastEpoch, labels: np.ndarray) -> dict[str, float]:
    """The same of an epoch from a saved state, where its answers are kept."""
    return {} if past.probabilities is None else measure(config, labels, past.probabilities)


def check_metrics(config: Config, labels: np.ndarray, classes: int) -> None:
    """Take each metric of made-up answers, before any training.

    Raises:
        UserError: a metric fails, gives no number, or has the name of another.
    """
    drawn = np.random.default_rng(0).random((len(labels), classes), np.float32)
    drawn /= drawn.sum(axis=1, keepdims=True)
    taken = {"loss", "accuracy", *score(Evaluation(drawn, drawn[:, 0], labels))}
    if names := [part.name for part in config.metrics if part.name in taken]:
        raise UserError(f"metrics={names[0]}: val/{names[0]} is hhexp's own: give it another name")
    measure(config, labels, drawn)


def call_back(
    tracked: TrackedRun, training: Training, epoch: Epoch, metrics: Mapping[str, float]
) -> None:
    """Call the person's own callbacks.

    Raises:
        UserError: a callback fails, or has changed the model's weights.
    """
    for part in training.config.callbacks:
        function = epoch_callback.functions[part.name]
        end = EpochEnd(
            epoch.number,
            MappingProxyType(dict(metrics)),
            epoch.validation,
            training.dataset.classes,
            training.model,
            tracked,
            f"callbacks/{part.name}",
        )
        try:
            function(end, **part.arguments)
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"callbacks: {part.name}: {locate(error, function)}") from error
        if hash_weights(training.model) != epoch.weights:
            raise UserError(
                f"callbacks: {part.name}: has changed the model's weights, which are the "
                "training's alone: change a copy (keras.models.clone_model)"
            )


def _measure_one(part: Part, labels: np.ndarray, probabilities: np.ndarray) -> float:
    function = metric_function.functions[part.name]
    try:
        return float(function(labels, probabilities, **part.arguments))
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"metrics: {part.name}: {locate(error, function)}") from error

"""The epoch loop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp.training.batches import Augment, Batch, make_batches
from hhexp.training.evaluation import Evaluate, Evaluation
from hhexp.training.state import hash_weights
from hhexp.training.step import TrainingStep
from hhexp.training.utilisation import count_flops, measure_peak

if TYPE_CHECKING:
    import keras

OnStep = Callable[[int, int, float, float], None]
"""Called with epoch, step (both from 1), and the epoch's mean loss and accuracy so far."""


@dataclass(frozen=True)
class Images:
    """A split as arrays: images [N, H, W, 3] uint8 and labels [N] int64."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to."""

    number: int
    metrics: dict[str, float]
    weights: str
    """SHA-256 of all weights after it."""
    validation: Evaluation


def train(
    model: "keras.Model",
    optimizer: "keras.optimizers.Optimizer",
    step: TrainingStep,
    training: Images,
    validation: Images,
    *,
    classes: tuple[str, ...],
    first_epoch: int,
    epochs: int,
    batch_size: int,
    order: Callable[[int], np.ndarray],
    rates: Callable[[int], np.ndarray],
    augment: Callable[[int], Augment | None],
    on_step: OnStep,
    evaluate: Evaluate,
) -> Iterator[Epoch]:
    """Train a model, and yield each epoch with its validation as it ends.

    Args:
        model: its weights stand as after epoch ``first_epoch - 1``.
        optimizer: its state does, too.
        step: trains the one by the other, as ``build_training_step`` makes it.
        training: the images to learn from.
        validation: the images to judge by.
        classes: the classes' names, for the recalls.
        first_epoch: the first epoch to train, from 1.
        epochs: the last epoch to train.
        batch_size: images in a training step.
        order: from an epoch to the order of its training images, [N].
        rates: from an epoch to the learning rate of each of its steps, [steps] float32.
        augment: from an epoch to what happens to a batch of training images; None for nothing.
        on_step: called after every training step.
        evaluate: judges the model, as ``evaluator`` makes it.
    """
    work = count_flops(model) * len(training.images)
    for epoch in range(first_epoch, epochs + 1):
        started = time.perf_counter()
        rate = rates(epoch)
        made = make_batches(
            training.images,
            training.labels,
            order(epoch),
            epoch=epoch,
            batch_size=batch_size,
            augment=augment(epoch),
        )
        loss, accuracy = _take_steps(step, made, optimizer, rate, epoch, on_step)
        trained_s = time.perf_counter() - started
        result = evaluate(validation.images, validation.labels)
        metrics = {
            "train/loss": loss,
            "train/accuracy": accuracy,
            "val/loss": result.loss,
            "val/accuracy": result.accuracy,
            **{
                f"val/recall/{name}": float(recall)
                for name, recall in zip(classes, result.recalls, strict=True)
            },
            "lr": float(rate[0]),
            "time/epoch_s": time.perf_counter() - started,
            "perf/utilisation": work / trained_s / measure_peak(),
        }
        yield Epoch(epoch, metrics, hash_weights(model), result)


def _take_steps(
    step: TrainingStep,
    made: Iterator[Batch],
    optimizer: "keras.optimizers.Optimizer",
    rates: np.ndarray,
    epoch: int,
    on_step: OnStep,
) -> tuple[float, float]:
    """Train on an epoch's batches; its mean loss and accuracy over the images."""
    loss, right, seen = 0.0, 0, 0
    for number, (images, labels) in enumerate(made, start=1):
        if number == 1 or rates[number - 1] != rates[number - 2]:
            optimizer.learning_rate = float(rates[number - 1])
        batch_loss, batch_right = step(images, labels)
        loss, right, seen = loss + batch_loss, right + batch_right, seen + len(labels)
        on_step(epoch, number, loss / seen, right / seen)
    return loss / seen, right / seen

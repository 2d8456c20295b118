"""The epoch loop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp.training.batches import Augment, batches
from hhexp.training.evaluation import Evaluation, evaluator

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
    validation: Evaluation


def compile_model(model: "keras.Model", optimizer: "keras.optimizers.Optimizer") -> "keras.Model":
    """Give a model its optimizer and the cross-entropy that fits its output."""
    binary = model.output_shape[-1] == 1
    model.compile(
        optimizer=optimizer,
        loss="binary_crossentropy" if binary else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA is 2–5 times slower on CPUs, and moves the bits
    )
    return model


def train(
    model: "keras.Model",
    training: Images,
    validation: Images,
    *,
    classes: tuple[str, ...],
    first_epoch: int,
    epochs: int,
    batch_size: int,
    order: Callable[[int], np.ndarray],
    augment: Augment | None,
    on_step: OnStep,
) -> Iterator[Epoch]:
    """Train a compiled model, and yield each epoch with its validation as it ends.

    Args:
        model: compiled; its weights and optimizer stand as after epoch ``first_epoch - 1``.
        training: the images to learn from.
        validation: the images to judge by.
        classes: the classes' names, for the recalls.
        first_epoch: the first epoch to train, from 1.
        epochs: the last epoch to train.
        batch_size: images in a training step.
        order: from an epoch to the order of its training images, [N].
        augment: what happens to a batch of training images; None for nothing.
        on_step: called after every training step.
    """
    evaluate = evaluator(model, batch_size=batch_size)
    for epoch in range(first_epoch, epochs + 1):
        started = time.perf_counter()
        model.reset_metrics()
        rate = float(model.optimizer.learning_rate)
        made = batches(
            training.images,
            training.labels,
            order(epoch),
            epoch=epoch,
            batch_size=batch_size,
            augment=augment,
        )
        logs = {}
        for step, (images, labels) in enumerate(made, start=1):
            logs = model.train_on_batch(images, labels, return_dict=True)
            on_step(epoch, step, float(logs["loss"]), float(logs["accuracy"]))
        result = evaluate(validation.images, validation.labels)
        metrics = {
            "train/loss": float(logs["loss"]),
            "train/accuracy": float(logs["accuracy"]),
            "val/loss": result.loss,
            "val/accuracy": result.accuracy,
            **{
                f"val/recall/{name}": float(recall)
                for name, recall in zip(classes, result.recalls, strict=True)
            },
            "lr": rate,
            "time/epoch_s": time.perf_counter() - started,
        }
        yield Epoch(epoch, metrics, result)

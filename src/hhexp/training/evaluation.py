"""A model's answers to a set of images, and what they are worth."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp.training.step import EvaluationStep, build_evaluation_step

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Evaluation:
    """Per-image answers, in the images' order, and their summary."""

    probabilities: np.ndarray
    """[N, C] float32: each class's probability."""
    losses: np.ndarray
    """[N] float32: cross-entropy in nats."""
    labels: np.ndarray
    """[N] int64: the true classes."""

    @property
    def predicted(self) -> np.ndarray:
        """[N] int64: the class of the highest probability."""
        return self.probabilities.argmax(axis=1)

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return float(self.losses.astype(np.float64).mean())

    @property
    def accuracy(self) -> float:
        """Share of the images whose predicted class is the true one."""
        return float((self.predicted == self.labels).mean())

    @property
    def confusion(self) -> np.ndarray:
        """[C, C] int64: images by true class (rows) and predicted class (columns)."""
        classes = self.probabilities.shape[1]
        flat = np.bincount(self.labels * classes + self.predicted, minlength=classes * classes)
        return flat.reshape(classes, classes)

    @property
    def recalls(self) -> np.ndarray:
        """[C] float64: of each class's images, the share that was found; NaN where it has none."""
        confusion = self.confusion
        with np.errstate(invalid="ignore"):
            return confusion.diagonal() / confusion.sum(axis=1)


@dataclass(frozen=True)
class Evaluate:
    """From images [N, H, W, 3] (0 … 255) and labels [N] to their evaluation."""

    step: EvaluationStep
    batch_size: int

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> Evaluation:
        """Ask the model, as it is now, about the images, batch by batch."""
        size = self.batch_size
        parts = [
            self.step(images[start : start + size], labels[start : start + size])
            for start in range(0, len(images), size)
        ]
        probabilities, losses = (
            np.concatenate([p.numpy() for p in part]) for part in zip(*parts, strict=True)
        )
        return Evaluation(probabilities, losses, np.asarray(labels))


def build_evaluator(model: "keras.Model", *, batch_size: int) -> Evaluate:
    """What evaluates ``model``, with its current weights, on images and labels.

    Args:
        model: with one sigmoid output for two classes, else a softmax.
        batch_size: images in a step; it has no effect beyond the last bits.
    """
    return Evaluate(build_evaluation_step(model), batch_size)

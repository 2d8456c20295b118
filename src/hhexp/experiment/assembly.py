"""All that a run trains with, assembled from its configuration and its data."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp import data, models
from hhexp.augment import Steps, Transform, build_transform
from hhexp.config.schema import Config, View
from hhexp.data import Dataset
from hhexp.data.views import view_images
from hhexp.errors import one_line
from hhexp.training.evaluation import Evaluate, Evaluation, build_evaluator
from hhexp.training.exact import trace_exactly
from hhexp.training.learning_rate import list_rates
from hhexp.training.loop import Epoch, Images, OnStep, train
from hhexp.training.loss import build_loss
from hhexp.training.optimizer import build_optimizer
from hhexp.training.portability import Portability, check_portability
from hhexp.training.runtime import Device
from hhexp.training.step import TrainingStep, build_training_step

if TYPE_CHECKING:
    import keras

SHOWN = 8
"""Images that a person's own steps are tried on before the training."""


@dataclass(frozen=True)
class Training:
    """All that a run trains with, ready to start."""

    config: Config
    dataset: Dataset
    device: Device
    model: "keras.Model"
    optimizer: "keras.optimizers.Optimizer"
    augmentation: Transform | None
    step: TrainingStep
    evaluate: Evaluate
    steps: int
    """Training steps in an epoch."""

    @classmethod
    def assemble(cls, config: Config, dataset: Dataset, device: Device) -> "Training":
        """Build the model from the seed, and what trains it; TensorFlow must have been started."""
        import keras

        keras.backend.clear_session()  # a run before in this process must leave no trace
        keras.config.set_dtype_policy(config.runtime.precision)  # which that resets
        keras.utils.set_random_seed(config.seed)
        shape = dataset.train.images.shape[1:]
        builder, arguments = config.model.builder, config.model.arguments
        with trace_exactly():  # a layer may call a TensorFlow function, which is traced once
            model = models.build(builder, arguments, shape, len(dataset.classes))
        steps = math.ceil(len(dataset.train.images) / config.batch_size)
        optimizer = build_optimizer(config.optimizer)
        loss = build_loss(config.loss, dataset.train.labels, len(dataset.classes))
        step = build_training_step(model, optimizer, loss)
        aug = config.aug
        transform = build_transform(aug.engine, aug, config.seed, device.kind, aug.steps)
        if isinstance(transform, Steps):
            some = np.arange(min(SHOWN, len(dataset.train.images)))
            transform.check(dataset.train.images[some], some, aug.since)
        evaluate = build_evaluator(model, batch_size=config.batch_size)
        return cls(config, dataset, device, model, optimizer, transform, step, evaluate, steps)

    def check_portability(self) -> Portability | None:
        """Whether the graphs of the steps give the same bits on every vendor's CPUs.

        The steps are traced here, once for batches of any size. None on a GPU.
        """
        import tensorflow as tf

        if self.device.kind == "gpu":
            return None
        images = self.dataset.train.images[:1]
        labels = tf.TensorSpec([None], self.dataset.train.labels.dtype)
        inputs = [(self.step.function, seen) for seen in self._show(images)]
        inputs.append((self.evaluate.step, images))
        try:
            functions = [
                step.get_concrete_function(
                    tf.TensorSpec([None, *batch.shape[1:]], batch.dtype), labels
                )
                for step, batch in inputs
            ]
        except Exception as error:  # the first step raises it again, when the run can log it
            return Portability((f"the step cannot be traced: {one_line(error)}",))
        return check_portability(functions, self.model)

    def _show(self, images: np.ndarray) -> list[np.ndarray]:
        """Images as the epochs' steps see them, once for each type of number."""
        epochs = range(1, self.config.epochs + 1)
        active = {self.config.aug.is_active(epoch): epoch for epoch in epochs}
        shown = [images] if False in active else []
        if self.augmentation and True in active:
            first = np.arange(len(images))
            shown.append(np.asarray(self.augmentation(images, first, active[True])))
        return list({each.dtype: each for each in shown}.values())

    def augment(self, epoch: int) -> Transform | None:
        """What happens to the training images in an epoch; None for nothing."""
        return self.augmentation if self.config.aug.is_active(epoch) else None

    def epochs(self, first_epoch: int, on_step: OnStep) -> Iterator[Epoch]:
        """Train from ``first_epoch`` on, epoch by epoch."""
        config, dataset = self.config, self.dataset
        return train(
            self.model,
            self.optimizer,
            self.step,
            Images(dataset.train.images, dataset.train.labels),
            Images(dataset.validation.images, dataset.validation.labels),
            classes=dataset.classes,
            first_epoch=first_epoch,
            epochs=config.epochs,
            batch_size=config.batch_size,
            order=lambda epoch: data.epoch_order(config.seed, epoch, len(dataset.train.images)),
            rates=lambda epoch: list_rates(
                config.lr, epoch, steps=self.steps, epochs=config.epochs
            ),
            augment=self.augment,
            on_step=on_step,
            evaluate=self.evaluate,
        )

    def validate(self, view: View | None = None) -> Evaluation:
        """The model, as it is now, on the validation images, or on a part of each."""
        images, labels = self.dataset.validation.images, self.dataset.validation.labels
        return self.evaluate(view_images(images, view) if view else images, labels)

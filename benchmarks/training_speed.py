"""How fast a training is inside its process: a step, the GEMM peak, epochs, the input pipeline.

    python -m benchmarks.training_speed OVERRIDE...

is a worker (``workers.py``): each line of its input names one of the measurements of ``main``.
"""

import dataclasses
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.composition import assemble_training
from benchmarks.workers import serve
from hhexp import data
from hhexp.experiment.assembly import Training
from hhexp.training.batches import make_batches
from hhexp.training.loop import Epoch
from hhexp.training.step import build_training_step
from hhexp.training.utilisation import count_flops, measure_gemm

STEPS = 8
"""Training steps timed in a measurement."""


def main(words: Sequence[str]) -> None:
    """Measure what is asked for.

    - step, step_cpu: seconds and CPU seconds of a training step
    - step_rate, gemm_rate: FLOP/s of a training step and of a product of matrices
    - plain, augmented: seconds of an epoch with its validation
    - pipeline: seconds to make an epoch's batches, augmented, while nothing trains

    Args:
        words: overrides of the configuration, with an augmentation; ``epochs`` is the most that
            can be asked for.
    """
    augmented = assemble_training(words)
    plain = dataclasses.replace(augmented, augmentation=None)
    time_step = make_step_meter(augmented)
    flops = count_flops(augmented.model) * augmented.config.batch_size
    epoch = itertools.count(1)
    serve(
        {
            "step": lambda: time_step(time.perf_counter),
            "step_cpu": lambda: time_step(time.process_time),
            "step_rate": lambda: flops / time_step(time.perf_counter),
            "gemm_rate": lambda: measure_gemm(2048, 1.0),
            "plain": make_epoch_meter(plain.epochs(1, lambda *_: None)),
            "augmented": make_epoch_meter(augmented.epochs(1, lambda *_: None)),
            "pipeline": lambda: time_pipeline(augmented, next(epoch)),
        }
    )


def make_step_meter(made: Training) -> Callable[[Callable[[], float]], float]:
    """A function that gives a training step's seconds by a clock, the median of some steps."""
    import tensorflow as tf

    chosen = [number % len(made.dataset.train.images) for number in range(made.config.batch_size)]
    images = tf.convert_to_tensor(made.dataset.train.images[chosen])
    labels = made.dataset.train.labels[chosen]
    step = build_training_step(made.model, made.optimizer)

    def time_step(clock: Callable[[], float]) -> float:
        seconds = []
        for _ in range(STEPS):
            started = clock()
            step(images, labels)
            seconds.append(clock() - started)
        return statistics.median(seconds)

    return time_step


def make_epoch_meter(epochs: Iterator[Epoch]) -> Callable[[], float]:
    """A function that trains the next epoch and gives its seconds."""
    return lambda: next(epochs).metrics["time/epoch_s"]


def time_pipeline(made: Training, epoch: int) -> float:
    """Seconds to make an epoch's batches, augmented, while nothing trains."""
    split, config = made.dataset.train, made.config
    started = time.perf_counter()
    for _ in make_batches(
        split.images,
        split.labels,
        data.epoch_order(config.seed, epoch, len(split.images)),
        epoch=epoch,
        batch_size=config.batch_size,
        augment=made.augmentation,
    ):
        pass
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])

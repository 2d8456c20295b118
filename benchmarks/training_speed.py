"""How fast a training is inside its process: steps, the GEMM peak, epochs, the input pipeline.

    python -m benchmarks.training_speed REPEATS OVERRIDE...

prints a line of JSON: for each quantity a list, with a value for each repeat.
"""

import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.composition import assemble_training
from hhexp import data
from hhexp.experiment.assembly import Training
from hhexp.training.batches import make_batches
from hhexp.training.loop import Epoch
from hhexp.training.step import build_training_step
from hhexp.training.utilisation import count_flops, measure_gemm

STEPS = 8
"""Training steps timed in a repeat."""


def measure(repeats: int, words: Sequence[str]) -> dict[str, list[float]]:
    """Measure everything ``repeats`` times, each time all of it in turn.

    Args:
        repeats: how often to measure.
        words: overrides of the configuration, with an augmentation.

    Returns:
        gemm_flops and step_flops (FLOP/s), plain_epoch_s and augmented_epoch_s (seconds of an epoch
        with its validation), pipeline_s (seconds to make an epoch's batches).
    """
    augmented = assemble_training([*words, f"epochs={repeats + 1}"])
    plain = dataclasses.replace(augmented, augmentation=None)
    measure_step = make_step_meter(augmented)
    # The first epoch of each sets its functions up.
    runs = {
        "plain_epoch_s": skip_first(plain.epochs(1, lambda *_: None)),
        "augmented_epoch_s": skip_first(augmented.epochs(1, lambda *_: None)),
    }
    found: dict[str, list[float]] = {}
    for repeat in range(repeats):
        values = {"gemm_flops": measure_gemm(2048, 1.0), "step_flops": measure_step()}
        values |= {name: next(run).metrics["time/epoch_s"] for name, run in runs.items()}
        values["pipeline_s"] = time_pipeline(augmented, repeat + 1)
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    return found


def make_step_meter(made: Training) -> Callable[[], float]:
    """A function that gives a training step's FLOP/s, the median of some steps."""
    import tensorflow as tf

    images = tf.convert_to_tensor(made.dataset.train.images[: made.config.batch_size])
    labels = made.dataset.train.labels[: made.config.batch_size]
    step = build_training_step(made.model, made.optimizer)
    flops = count_flops(made.model) * len(images)
    for _ in range(3):
        step(images, labels)

    def measure_rate() -> float:
        seconds = []
        for _ in range(STEPS):
            started = time.perf_counter()
            step(images, labels)
            seconds.append(time.perf_counter() - started)
        return flops / statistics.median(seconds)

    return measure_rate


def skip_first(epochs: Iterator[Epoch]) -> Iterator[Epoch]:
    """Train the first epoch at once; returns those after it."""
    next(epochs)
    return epochs


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
    print(json.dumps(measure(int(sys.argv[1]), sys.argv[2:])))

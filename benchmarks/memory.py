"""The memory that a training process has to itself, with the data set read or left alone.

    python -m benchmarks.memory read|untouched OVERRIDE...

prints a line of JSON. Anonymous memory is all that is not a page of a file. The data set's pages
are those of the cached file, which all workers share and the system may drop.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.composition import assemble_training
from hhexp import data
from hhexp.training.batches import make_batches
from hhexp.training.step import build_training_step

ROLLUP = Path("/proc/self/smaps_rollup")
STEPS = 3


def measure(read: bool, words: Sequence[str]) -> dict[str, float]:
    """Train a few steps, on the data set's images or on black ones, and look at the memory.

    Returns:
        megabytes (10⁶ bytes): anonymous, resident, and images, the size of the training images.
    """
    made = assemble_training(words)
    config, split = made.config, made.dataset.train
    images, labels = split.images, split.labels
    order = data.epoch_order(config.seed, 1, len(images))
    if not read:
        images = np.zeros((config.batch_size, *images.shape[1:]), np.uint8)
        order = np.resize(np.arange(len(images)), len(order))
    step = build_training_step(made.model, made.optimizer)
    taken = make_batches(
        images,
        labels,
        order,
        epoch=1,
        batch_size=config.batch_size,
        augment=made.augmentation,
    )
    # All of an epoch's batches are made. To train on some is enough for a step's own memory.
    for number, (batch, truth) in enumerate(taken):
        if number < STEPS:
            step(batch, truth)
    sizes = {
        line.split()[0]: float(line.split()[1]) * 1024 / 1e6
        for line in ROLLUP.read_text().splitlines()[1:]
    }
    return {
        "anonymous": sizes["Anonymous:"],
        "resident": sizes["Rss:"],
        "images": split.images.nbytes / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1] == "read", sys.argv[2:])))

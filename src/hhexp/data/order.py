"""The order in which an epoch sees the training images."""

import numpy as np

# Keeps this draw apart from whatever else is drawn from the same seed and epoch.
DOMAIN = 0x6F726472


def epoch_order(seed: int, epoch: int, size: int) -> np.ndarray:
    """The order of ``size`` images in an epoch: ``[size]`` int64, a permutation.

    A pure function of its arguments. Images are sorted by a random 64-bit key each; NumPy promises
    that the raw output of a bit generator stays the same from version to version, which it does not
    for ``Generator.permutation``.

    Args:
        seed: from 0, below 2³².
        epoch: from 1.
        size: the number of training images.
    """
    keys = np.random.PCG64(np.random.SeedSequence([DOMAIN, seed, epoch])).random_raw(size)
    return np.argsort(keys, kind="stable").astype(np.int64)

"""The batches of an epoch: its order, its augmentation, made ahead of the training step."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

Augment = Callable[[np.ndarray, np.ndarray, int], Any]
Batch = tuple[Any, np.ndarray]

AHEAD = 2
"""Batches that are ready before the step that needs them."""


def batches(
    images: np.ndarray,
    labels: np.ndarray,
    order: np.ndarray,
    *,
    epoch: int,
    batch_size: int,
    augment: Augment | None,
) -> Iterator[Batch]:
    """The batches of one epoch, in order, each made in a thread while the ones before train.

    Args:
        images: [N, H, W, 3] uint8, may be memory-mapped.
        labels: [N] int64.
        order: [N] the epoch's order of the images.
        epoch: from 1; the augmentation depends on it.
        batch_size: images in a batch; the last may have fewer.
        augment: from images [B, H, W, 3], their indices [B] and the epoch to what the network sees.

    Yields:
        images [B, H, W, 3] with values 0 … 255 as a tensor, and labels [B].
    """
    import tensorflow as tf

    def make(start: int) -> Batch:
        chosen = order[start : start + batch_size]
        batch = images[chosen]
        made = augment(batch, chosen, epoch) if augment else batch
        # A tensor is copied from an array: here, and not while the next step waits for it.
        return tf.convert_to_tensor(made), labels[chosen]

    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        ready: deque[Future[Batch]] = deque()
        try:
            for start in range(0, len(order), batch_size):
                ready.append(pool.submit(make, start))
                if len(ready) > AHEAD:
                    yield ready.popleft().result()
            while ready:
                yield ready.popleft().result()
        finally:
            for future in ready:
                future.cancel()

"""The batches of an epoch: its order, its augmentation, made ahead of the training step."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

Augment = Callable[[np.ndarray, np.ndarray, int], Any]
Batch = tuple[Any, np.ndarray]

AHEAD = 2
"""Batches that are ready before the step that needs them."""


def make_batches(
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

    with ThreadPoolExecutor(1, "batches", initializer=_yield_to_others) as pool:
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


def _yield_to_others() -> None:
    """Let this thread compute where the training step leaves a core idle, and not take one from it.

    It starves at no time: where the next batch is late, the step waits for it, and cores are idle.
    """
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)

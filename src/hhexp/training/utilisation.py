"""How much of the processor's arithmetic a training step uses.

Utilisation is the FLOPs of a step, over its seconds, over what a matrix product reaches on the same
threads in float32. Where a layer computes in bfloat16 on a CPU with AMX it may be above 1.
"""

import functools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


def count_flops(model: "keras.Model") -> float:
    """FLOPs of an image's training step: two a multiply-add, of convolutions and dense layers.

    Such a layer multiplies once forward, once for its kernel's gradient if it is trained, and once
    for its input's gradient if a layer before it is trained, so not in the first one. Pooling,
    activations, biases and the optimizer are not counted, as usual: their share is a few percent.

    Args:
        model: built, its layers in a row (in a model with branches, in ``model.layers``' order).
    """
    from keras import layers

    flops, trained_before = 0.0, False
    for layer in _flatten(model):
        if isinstance(layer, layers.Conv1D | layers.Conv2D | layers.Conv3D | layers.Dense):
            positions = np.prod(layer.output.shape[1:-1])  # 1 of a dense layer on a vector
            passes = 1 + bool(layer.trainable_weights) + trained_before
            flops += 2 * passes * float(positions * np.prod(layer.kernel.shape))
        trained_before |= bool(layer.trainable_weights)
    return flops


def _flatten(model: "keras.Model") -> Iterator["keras.layers.Layer"]:
    """All layers, those of nested models too."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flatten(layer)
        else:
            yield layer


@functools.cache
def measure_peak() -> float:
    """FLOP/s of a matrix product on this process's threads, measured once, in about 0.25 s."""
    return measure_gemm(1024, 0.2)


def measure_gemm(side: int, seconds: float) -> float:
    """FLOP/s of the fastest product of two float32 matrices of that side, tried for some seconds.

    TensorFlow must have been started; it computes on the device and threads that it was given.
    """
    import tensorflow as tf

    matrix = tf.ones((side, side))
    multiply = tf.function(lambda: tf.reduce_max(tf.matmul(matrix, matrix)))
    multiply()  # traces
    fastest, end = float("inf"), time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        multiply().numpy()
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * side**3 / fastest

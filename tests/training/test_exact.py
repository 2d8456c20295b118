"""What is traced exactly has other ops than were asked for, the same values and gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from hhexp.training.exact import REPLACED, trace_exactly
from hhexp.training.portability import MADE_FOR

X = np.random.default_rng(0).uniform(0.2, 3, 1000).astype(np.float32)


def trace(compute: Callable[[Any], Any], dtype: Any = tf.float32) -> Any:
    """The concrete function of values and gradient."""

    @tf.function
    def both(x: Any) -> Any:
        with trace_exactly(), tf.GradientTape() as tape:
            tape.watch(x)
            y = compute(x)
        return y, tape.gradient(y, x)

    return both.get_concrete_function(tf.TensorSpec([None], dtype))


def test_a_root_is_rounded_correctly_almost_always() -> None:
    value, gradient = trace(tf.math.rsqrt)(tf.constant(X))
    exact = 1 / np.sqrt(X.astype(np.float64))
    np.testing.assert_array_equal(value, exact.astype(np.float32))
    np.testing.assert_allclose(gradient, -0.5 * exact**3, rtol=1e-6)


@pytest.mark.parametrize(
    "compute",
    [
        *(tf.math.reciprocal, tf.math.atan, tf.math.erfc, tf.math.log1p, tf.math.log),
        *(tf.nn.gelu, tf.math.bessel_i0e, lambda x: tf.math.atan2(x, 2 - x)),
        lambda x: tf.nn.l2_normalize(x[None], axis=1)[0],
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.math.rsqrt(x), lambda: 1 / x),
    ],
)
def test_values_and_gradients_stay_but_for_their_last_bits(compute: Callable[[Any], Any]) -> None:
    exact = trace(compute)(tf.constant(X))
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = compute(x)
    np.testing.assert_allclose(exact[0], y, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(exact[1], tape.gradient(y, x), rtol=2e-5, atol=1e-6)


def test_a_type_stays_what_it_was() -> None:
    value, gradient = trace(tf.math.rsqrt, tf.bfloat16)(tf.cast(X, tf.bfloat16))
    assert value.dtype == gradient.dtype == tf.bfloat16


def test_nothing_is_replaced_outside() -> None:
    with trace_exactly():
        pass
    plain = tf.function(tf.math.rsqrt).get_concrete_function(tf.TensorSpec([None], tf.float32))
    assert "Cast" not in {node.op for node in plain.graph.as_graph_def().node}


def test_every_op_that_is_replaced_exists_for_64_bits() -> None:
    x = tf.constant([0.3, 0.7], tf.float64)
    for op in REPLACED:
        arguments = {"y": x, "x": x} if op == "Atan2" else {"x": x}
        assert getattr(tf.raw_ops, op)(**arguments).dtype == tf.float64


def test_the_list_was_made_for_this_version_of_tensorflow() -> None:
    """If not: run benchmarks.approximations, put what it names into the lists, then this."""
    assert tf.__version__ == MADE_FOR

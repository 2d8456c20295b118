"""Steps without the approximations that each vendor's CPUs make in their own way.

``vrsqrtps`` and ``vrcpps`` look up 1/√x and 1/x in a table of 12 bits, of which AMD has another
than Intel. Eigen's kernels for 32 bits and less start from them, and a fourth of their results
keeps a trace. For 64 bits there are no such instructions, and Eigen divides: the same bits on
every CPU.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

REPLACED = frozenset(
    {
        *("Rsqrt", "Reciprocal", "Inv", "Atan", "Atan2", "Erfc", "Erfinv", "Ndtri"),
        *(f"BesselI{order}{scaled}" for order in "01" for scaled in ("", "e")),
        *(f"BesselK{order}{scaled}" for order in "01" for scaled in ("", "e")),
        *(f"Bessel{kind}{order}" for kind in "JY" for order in "01"),
    }
)
"""Ops with such kernels, which have kernels for 64 bits too."""

LEFT_AS_TRACED = {"arithmetic_optimization": False, "constant_folding": False}
"""Passes of Grappler, TensorFlow's optimizer of graphs, that would bring such ops back:
x / √y becomes x · Rsqrt(y), 1 / y becomes Reciprocal(y), and x / c becomes x · Reciprocal(c)."""


@contextmanager
def trace_exactly() -> Iterator[None]:
    """Within it, TensorFlow functions are traced with the 64-bit kernels of the ops in REPLACED.

    So are their gradients where they are traced in it too. Numbers that are computed at once, and
    functions that have been traced before, stay as they are.
    """
    from tensorflow.python.eager.context import context
    from tensorflow.python.framework import op_callbacks

    if _compute_in_double in context().op_callbacks:  # within it already
        yield
        return
    op_callbacks.add_op_callback(_compute_in_double)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(_compute_in_double)


def _compute_in_double(
    op: str,
    inputs: Sequence[Any],
    attributes: Any,
    outputs: Sequence[Any],
    op_name: str | None = None,
    graph: Any = None,
) -> Sequence[Any]:
    """What a graph goes on with in place of an op's outputs: that op itself is left unread."""
    import tensorflow as tf

    if graph is None or op not in REPLACED:
        return outputs
    dtype = outputs[0].dtype
    if not dtype.is_floating or dtype == tf.float64:
        return outputs
    names = [argument.name for argument in outputs[0].op.op_def.input_arg]
    doubles = [tf.cast(each, tf.float64) for each in inputs]
    compute = getattr(tf.raw_ops, op)
    return [tf.cast(compute(**dict(zip(names, doubles, strict=True))), dtype)]

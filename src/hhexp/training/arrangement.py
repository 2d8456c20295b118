"""A model's layers, put in the order in which the same numbers are computed fastest.

ReLU is monotone, so it may come before a max pooling or after. Forward it comes before, where
oneDNN computes it within the convolution for nothing; backward after, on the pooled map, which has
a quarter of the values (2×2). Outputs and gradients are the same to the bit.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Block:
    """A convolution that only a max pooling reads, and the ReLU that alone reads the pooled map."""

    convolution: Any
    pool: Any
    relu: Any | None


def rearrange(model: "keras.Model") -> tuple["keras.Model", dict[str, Any]]:
    """The same layers, arranged to be computed with and not to be saved.

    Args:
        model: with one input and one output.

    Returns:
        a model that shares the layers of ``model``, with the same input and output; and in it the
        pooled maps of the blocks, by the paths of the convolutions' biases.
    """
    import keras
    import tensorflow as tf
    from keras import layers

    graph = keras.Model(*model.inputs, *model.outputs)  # a Sequential model too becomes a graph
    found = find_blocks(graph)
    if not found:
        return graph, {}
    rectified = {id(block.convolution) for block in found if block.relu is not None}
    by_pool = {id(block.pool): block for block in found}
    relus = {id(block.relu) for block in found}
    pooled = {}

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        if id(layer) in relus:
            return arguments[0]
        output = layer(*arguments, **options)
        if id(layer) in rectified:
            relu = tf.grad_pass_through(tf.nn.relu)
            output = layers.Lambda(relu, dtype=layer.dtype_policy)(output)
        if block := by_pool.get(id(layer)):
            pooled[block.convolution.bias.path] = output
            if block.relu is not None:
                relu = tf.custom_gradient(_relu_backward)
                output = layers.Lambda(relu, dtype=layer.dtype_policy)(output)
        return output

    rearranged = keras.models.clone_model(
        graph, clone_function=lambda layer: layer, call_function=call
    )
    return rearranged, pooled


def find_blocks(graph: "keras.Model") -> list[Block]:
    """The blocks of a model of which nothing else reads what is inside them.

    None where a layer is used twice, since what it reads is then not one thing.
    """
    from keras import activations, layers, tree

    try:
        inputs = {operation: tree.flatten(operation.input) for operation in graph.operations}
    except (AttributeError, ValueError):
        return []
    reads = Counter(
        id(tensor) for tensors in [*inputs.values(), graph.outputs] for tensor in tensors
    )
    readers = {id(layer.input): layer for layer in graph.layers if reads[id(layer.input)] == 1}
    found = []
    for layer in graph.layers:
        pool = readers.get(id(layer.output))
        if (
            isinstance(layer, layers.Conv2D)
            and isinstance(pool, layers.MaxPooling2D)
            and layer.use_bias
            and layer.bias_regularizer is None
            and layer.activity_regularizer is None
            and layer.activation is activations.linear
        ):
            relu = readers.get(id(pool.output))
            found.append(Block(layer, pool, relu if _is_plain_relu(relu) else None))
    return found


def _is_plain_relu(layer: Any) -> bool:
    from keras import layers

    return (
        isinstance(layer, layers.ReLU)
        and layer.max_value is None
        and layer.negative_slope == layer.threshold == 0
    )


def _relu_backward(rectified: Any) -> tuple[Any, Callable[[Any], Any]]:
    """What ReLU gave, as it is; its gradient is ReLU's."""
    import tensorflow as tf

    def backward(upstream: Any) -> Any:
        return tf.raw_ops.ReluGrad(gradients=upstream, features=rectified)

    return tf.identity(rectified), backward

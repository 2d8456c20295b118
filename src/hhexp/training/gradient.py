"""The gradient of the loss, without the detour that a pooled convolution's bias would take.

Max pooling hands each of its gradients to one place of the convolution's output, and the bias is
added at every place: so the bias's gradient is the sum over the pooled map. That map has a quarter
of the values, and oneDNN's kernel for the weights' gradient need not sum the bias's beside them.
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

Gradient = Callable[[Any, Callable[[Any], Any]], tuple[Any, list[Any]]]
"""From images [B, H, W, 3], and a function from the model's output to a scalar loss, to the output
and the loss's gradients, in the order of the model's trainable variables."""


def gradient(model: "keras.Model") -> Gradient:
    """A function that runs a model forward, as in training, and backward."""
    import keras
    import tensorflow as tf

    pooled = pooled_biases(model)
    observed = keras.Model(model.inputs, [*model.outputs, *pooled.values()])
    variables = model.trainable_variables
    others = [variable for variable in variables if variable.path not in pooled]

    def differentiate(images: Any, loss: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            # Keras gives a single output bare, not as a list of one.
            output, *maps = keras.tree.flatten(observed(images, training=True))
            value = loss(output)
        of_others, of_maps = tape.gradient(value, (others, maps))
        found = {variable.path: one for variable, one in zip(others, of_others, strict=True)}
        for path, one in zip(pooled, of_maps, strict=True):
            found[path] = tf.cast(tf.raw_ops.BiasAddGrad(out_backprop=one), tf.float32)
        return output, [found[variable.path] for variable in variables]

    return differentiate


def pooled_biases(model: "keras.Model") -> dict[str, Any]:
    """The biases that reach a model's output through a max pooling alone: path → pooled map.

    None where a layer is used twice, since what it reads is then not one thing.
    """
    import keras
    from keras import layers

    graph = keras.Model(model.inputs, model.outputs)  # a Sequential model too becomes a graph
    try:
        inputs = {operation: keras.tree.flatten(operation.input) for operation in graph.operations}
    except (AttributeError, ValueError):
        return {}
    reads = Counter(
        id(tensor) for tensors in [*inputs.values(), graph.outputs] for tensor in tensors
    )
    convolutions = {
        id(layer.output): layer
        for layer in graph.layers
        if isinstance(layer, layers.Conv2D)
        and layer.use_bias
        and layer.bias.trainable
        and layer.bias_regularizer is None
        and layer.activity_regularizer is None
        and layer.activation is keras.activations.linear
    }
    return {
        convolutions[id(pool.input)].bias.path: pool.output
        for pool in graph.layers
        if isinstance(pool, layers.MaxPooling2D)
        and id(pool.input) in convolutions
        and reads[id(pool.input)] == 1
    }

"""The gradient of the loss, without the detour that a pooled convolution's bias would take.

Max pooling hands each of its gradients to one place of the convolution's output, and the bias is
added at every place: so the bias's gradient is the sum over the pooled map. That map has a quarter
of the values, and oneDNN's kernel for the weights' gradient need not sum the bias's beside them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hhexp.training.arrangement import rearrange

if TYPE_CHECKING:
    import keras

Gradient = Callable[[Any, Callable[[Any], Any]], tuple[Any, list[Any]]]
"""From images [B, H, W, 3], and a function from the model's output to a scalar loss, to the output
and the loss's gradients, in the order of the model's trainable variables."""


def build_gradient(model: "keras.Model") -> Gradient:
    """A function that runs a model forward, as in training, and backward."""
    import keras
    import tensorflow as tf

    rearranged, pooled = rearrange(model)
    variables = model.trainable_variables
    pooled = {each.path: pooled[each.path] for each in variables if each.path in pooled}
    others = [variable for variable in variables if variable.path not in pooled]
    observed = keras.Model(*rearranged.inputs, [*rearranged.outputs, *pooled.values()])

    def differentiate(images: Any, loss: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            # Keras gives a single output bare, not as a list of one.
            output, *maps = keras.tree.flatten(observed(images, training=True))
            value = loss(output)
        of_others, of_maps = tape.gradient(value, (others, maps))
        found = {variable.path: one for variable, one in zip(others, of_others, strict=True)}
        for path, one in zip(pooled, of_maps, strict=True):
            found[path] = _sum_over_places(one)
        return output, [found[variable.path] for variable in variables]

    return differentiate


def _sum_over_places(gradients: Any) -> Any:
    """[C] float32: the sum of the gradients [B, H, W, C] at all places of a map."""
    import tensorflow as tf

    if gradients.dtype == tf.float32:
        return tf.raw_ops.BiasAddGrad(out_backprop=gradients)
    # That op would add bfloat16 in bfloat16, where a sum soon stops growing.
    return tf.cast(tf.reduce_sum(gradients, axis=[0, 1, 2]), tf.float32)

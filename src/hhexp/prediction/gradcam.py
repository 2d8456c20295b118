"""Grad-CAM: which parts of an image speak for a class.

R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017 (https://arxiv.org/abs/1610.02391).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.errors import UserError

if TYPE_CHECKING:
    import keras

BATCH = 32
"""Images in a step, which bounds the memory."""
LEAST_SIDE = 4
"""Pixels per side that pooling must leave: with fewer, a feature map hardly shows where."""
OPACITY = 0.6
"""Of the heat on the picture, where it is hottest."""


class NoFeatureMapError(UserError):
    """A model's layers keep no height and width, so that nothing shows where it looked."""


def compute_gradcam(
    model: "keras.Model", images: np.ndarray, classes: int | np.ndarray
) -> np.ndarray:
    """Heat maps [N, h, w] float32, 0 … 1, of what in each image speaks for a class.

    The feature map is what the model's last convolution gives, with the pooling and activation that
    follow, as long as they leave 4 pixels a side. Equations (1) and (2) of the paper: its channels
    are summed, each weighted by its mean gradient of the class's score, and what is negative is
    dropped. The score is taken before the sigmoid or softmax, whose gradient vanishes where the
    model is sure; under a sigmoid it is the log-odds of class 1, and minus that for class 0. Each
    map is divided by its maximum; one where nothing speaks for the class is 0 all over.

    Args:
        model: hhexp's kind: [N, H, W, 3] in, one sigmoid or a softmax out. Its weights stay as
            they are.
        images: [N, H, W, 3], 0 … 255.
        classes: index of the class asked about, one for all images or one for each.

    Raises:
        NoFeatureMapError: the model has none with a height and width.
    """
    import tensorflow as tf

    probe = _build_probe(model)
    asked = np.broadcast_to(classes, len(images))
    maps = []
    for start in range(0, len(images), BATCH):
        batch = tf.constant(images[start : start + BATCH], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(batch)  # else a frozen trunk would leave nothing to differentiate
            features, scores = probe(batch, training=False)
            score = _score(scores, asked[start : start + BATCH])
        slopes = tf.cast(tape.gradient(score, features), tf.float32)
        weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
        weighted = weights * tf.cast(features, tf.float32)
        maps.append(tf.nn.relu(tf.reduce_sum(weighted, axis=-1)).numpy())
    heat = np.concatenate(maps)
    highest = heat.max(axis=(1, 2), keepdims=True)
    return np.divide(heat, highest, out=np.zeros_like(heat), where=highest > 0)


def lay_over(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A picture [H, W, 3] uint8 with a heat map [h, w], 0 … 1, laid over it: [H, W, 3] uint8.

    What is cold stays as it is.
    """
    import cv2

    height, width = picture.shape[:2]
    heat = cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    coloured = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    share = OPACITY * heat[..., None]
    return ((1 - share) * picture + share * coloured).astype(np.uint8)


def _build_probe(model: "keras.Model") -> "keras.Model":
    """A model on the same weights: images to (last feature map, scores before the activation)."""
    import keras

    maps: list[Any] = []
    graph = keras.Model(model.inputs, model.outputs)  # a Sequential model too becomes a graph
    last = graph.layers[-1]
    scorer = _drop_activation(last)

    def call(layer: Any, *inputs: Any, **arguments: Any) -> Any:
        output = layer(*inputs, **arguments)
        shape = getattr(output, "shape", ())
        if len(shape) == 4 and max(shape[1:3]) > 1:
            if getattr(layer, "weights", ()):
                maps[:] = [output]
            elif maps:  # before the first weights there is only scaling
                maps.append(output)
        return output

    copy = keras.models.clone_model(
        graph, clone_function=lambda layer: scorer if layer is last else layer, call_function=call
    )
    if not maps:
        raise NoFeatureMapError(
            f"the model {model.name!r} has no feature map with a height and width, which "
            "Grad-CAM needs"
        )
    if scorer is not last:
        scorer.set_weights(last.get_weights())
    large = [features for features in maps[1:] if min(features.shape[1:3]) >= LEAST_SIDE]
    return keras.Model(copy.inputs, [(maps[:1] + large)[-1], copy.outputs[0]])


def _drop_activation(layer: Any) -> Any:
    """A copy of a layer, its weights not yet set, that leaves out the activation if it has one."""
    if not hasattr(layer, "activation"):
        return layer
    return type(layer).from_config({**layer.get_config(), "activation": "linear"})


def _score(scores: Any, classes: np.ndarray) -> Any:
    """[B] each image's score of its class, from the model's [B, 1] or [B, C]."""
    import tensorflow as tf

    if scores.shape[-1] == 1:
        return scores[:, 0] * tf.constant(np.where(classes == 1, 1.0, -1.0), scores.dtype)
    return tf.gather(scores, classes, axis=1, batch_dims=1)

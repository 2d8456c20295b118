"""Keras's random preprocessing layers, with their own meaning but randomness from (seed, e, i)."""

from typing import Any

import numpy as np

from hhexp.config.schema import Ranges

DOMAIN = 0x6C617972
"""Keeps the layers' seeds apart from anything else that is drawn from the same seed."""

LAYERS = ("flip", "rotation", "translation", "shear", "zoom")
"""In the order in which they are applied."""


class KerasLayers:
    """The engine: RandomFlip, RandomRotation, RandomTranslation, RandomShear and RandomZoom.

    Only those that the ranges ask for, one resampling each, on the CPU. The layers draw their own
    numbers, so the pictures are others than those of the two other engines. RandomShear slants
    about the upper left corner, by up to the sine of ``shear_range``; the others work about the
    centre.

    Before each image a layer's seed generator is set to numbers that depend on the run's seed, the
    epoch, the image's index and the layer alone.
    """

    def __init__(self, ranges: Ranges, seed: int) -> None:
        import tensorflow as tf

        self._seed = seed
        with tf.device("CPU:0"):
            self._layers = build_layers(ranges)
        self._transform_one = tf.function(self._transform, autograph=False)

    def __call__(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> np.ndarray:
        """Transform images [B, H, W, C] uint8 into float32 of the same shape."""
        import tensorflow as tf

        result = np.empty(images.shape, np.float32)
        with tf.device("CPU:0"):
            for position, index in enumerate(indices.tolist()):
                seeds = tf.constant(draw_seeds(self._seed, epoch, index))
                image = tf.constant(images[position : position + 1])
                result[position] = self._transform_one(image, seeds)[0]
        return result

    def _transform(self, image: Any, seeds: Any) -> Any:
        """One image [1, H, W, C] through the layers, their seeds [len(LAYERS)] int64."""
        for name, layer in self._layers.items():
            layer.generator.state.assign([seeds[LAYERS.index(name)], 0])
            image = layer(image, training=True)
        return image


def build_layers(ranges: Ranges) -> dict[str, Any]:
    """The layers that the ranges ask for, by name, in the order of LAYERS."""
    from math import radians, sin

    from keras import layers

    # Nothing is left to Keras's global settings: a run's precision is the model's alone.
    plain: dict[str, Any] = {"seed": 0, "dtype": "float32", "data_format": "channels_last"}
    filled = {**plain, "fill_mode": ranges.fill_mode, "fill_value": 0.0}
    built: dict[str, Any] = {}
    if ranges.horizontal_flip:
        built["flip"] = layers.RandomFlip("horizontal", **plain)
    if ranges.rotation_range:
        built["rotation"] = layers.RandomRotation(ranges.rotation_range / 360, **filled)
    if ranges.height_shift_range or ranges.width_shift_range:
        built["translation"] = layers.RandomTranslation(
            ranges.height_shift_range, ranges.width_shift_range, **filled
        )
    if ranges.shear_range:
        built["shear"] = layers.RandomShear(x_factor=sin(radians(ranges.shear_range)), **filled)
    if ranges.zoom_range:
        built["zoom"] = layers.RandomZoom(ranges.zoom_range, ranges.zoom_range, **filled)
    return built


def draw_seeds(seed: int, epoch: int, index: int) -> np.ndarray:
    """[len(LAYERS)] int64, each ≥ 0: what the layers' generators start from for one image."""
    bits = np.random.Philox(key=[DOMAIN, seed], counter=[0, epoch, index, 0])
    return (bits.random_raw(len(LAYERS)) >> 1).astype(np.int64)

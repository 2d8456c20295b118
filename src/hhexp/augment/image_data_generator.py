"""Keras's own ImageDataGenerator, given our parameters: the engine that people know, and slow."""

from dataclasses import dataclass

import numpy as np

from hhexp.augment.parameters import draw
from hhexp.config.schema import Ranges


@dataclass(frozen=True)
class ImageDataGenerator:
    """The engine: SciPy's spline resampling of order 1, on the CPU, one channel at a time.

    Keras's shifts are kept apart by what their names say: ``width_shift_range`` moves along the
    width. (Keras 3.15 itself draws ``tx``, which moves columns, from ``height_shift_range``.)
    """

    ranges: Ranges
    seed: int

    def __call__(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> np.ndarray:
        """Transform images [B, H, W, C] uint8 into float32 of the same shape."""
        from tensorflow.keras.preprocessing import image as keras_image

        generator = keras_image.ImageDataGenerator(
            fill_mode=self.ranges.fill_mode, data_format="channels_last", dtype="float32"
        )
        _, height, width, _ = images.shape
        parameters = draw(self.ranges, self.seed, epoch, indices, height, width)
        result = np.empty(images.shape, np.float32)
        for position, image in enumerate(images):
            transform = parameters.of(position)
            transform["flip_horizontal"] = transform.pop("flip")
            result[position] = generator.apply_transform(image.astype(np.float32), transform)
        return result

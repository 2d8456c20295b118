"""All of an image's transforms as one matrix and one bilinear resampling; the default engine.

The matrices follow ImageDataGenerator's apply_transform, so that equal parameters give the same
picture, some ten times faster. What differs, on purpose: an image that is not square is turned and
zoomed about its centre (Keras mixes up its height and width there), and ``wrap`` repeats the whole
image (SciPy's ``wrap``, which Keras uses, leaves out its last row and column).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np

from hhexp.augment.parameters import draw
from hhexp.config.schema import Ranges


@dataclass(frozen=True)
class Affine:
    """The engine: OpenCV on the CPU, TensorFlow's ImageProjectiveTransformV3 on a GPU."""

    ranges: Ranges
    seed: int
    device: str = "cpu"

    def __call__(self, images: np.ndarray, indices: np.ndarray, epoch: int) -> Any:
        """Transform images [B, H, W, 3] uint8 into uint8 of the same shape."""
        _, height, width, _ = images.shape
        parameters = draw(self.ranges, self.seed, epoch, indices, height, width)
        matrices = [
            compose_matrix(**parameters.of(position), height=height, width=width)
            for position in range(len(images))
        ]
        if self.device == "gpu":
            return warp_on_device(images, matrices, self.ranges.fill_mode, "GPU:0")
        return warp(images, matrices, self.ranges.fill_mode)


def compose_matrix(
    theta: float,
    tx: float,
    ty: float,
    shear: float,
    zx: float,
    zy: float,
    flip: bool,
    *,
    height: int,
    width: int,
) -> np.ndarray:
    """One image's transform, from a pixel (x, y) of the result to where it is taken from.

    About the centre it is rotation · shift · shear · zoom · flip, the flip nearest to the result.
    It is computed for each image by itself, since vectorised sines may differ with an array's size.

    Returns:
        [2, 3] float64.
    """
    angle, slant = radians(theta), radians(shear)
    rotation = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    shearing = np.array([[1, -sin(slant)], [0, cos(slant)]])
    scale = np.array([-zx if flip else zx, zy])
    linear = rotation @ shearing * scale
    centre = np.array([width / 2 - 0.5, height / 2 - 0.5])
    offset = centre + rotation @ [tx, ty] - linear @ centre
    return np.column_stack([linear, offset])


def warp(images: np.ndarray, matrices: Sequence[np.ndarray], fill_mode: str) -> np.ndarray:
    """Resample images [B, H, W, 3] uint8 with one matrix each, by OpenCV on one thread.

    OpenCV resamples four channels in half the time of three, to the same bits, so that an image
    gets a fourth one on its way.

    AVX2 and AVX-512 CPUs give the same bits; CPUs without AVX2 give others, since OpenCV picks its
    kernels by what the CPU has.
    """
    import cv2

    border = {
        "nearest": cv2.BORDER_REPLICATE,
        "constant": cv2.BORDER_CONSTANT,
        "reflect": cv2.BORDER_REFLECT,
        "wrap": cv2.BORDER_WRAP,
    }[fill_mode]
    # OpenCV's own threads would take cores from the training step, or from other runs of a sweep.
    cv2.setNumThreads(1)
    _, height, width, _ = images.shape
    padded, warped = np.empty((2, height, width, 4), np.uint8)
    result = np.empty_like(images)
    for image, transform, target in zip(images, matrices, result, strict=True):
        cv2.cvtColor(image, cv2.COLOR_RGB2RGBA, dst=padded)
        cv2.warpAffine(
            padded,
            transform,
            (width, height),
            dst=warped,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=border,
        )
        cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB, dst=target)
    return result


def warp_on_device(
    images: np.ndarray, matrices: Sequence[np.ndarray], fill_mode: str, device: str
) -> Any:
    """The same by TensorFlow, whose kernels run on a GPU too; a uint8 tensor on ``device``."""
    import tensorflow as tf

    # The op's transforms are the eight numbers of a projective matrix; an affine one ends in 0, 0.
    transforms = np.pad(np.reshape(matrices, (-1, 6)), ((0, 0), (0, 2)))
    with tf.device(device):
        warped = tf.raw_ops.ImageProjectiveTransformV3(
            images=tf.cast(images, tf.float32),  # on uint8 the op cuts fractions off
            transforms=tf.constant(transforms, tf.float32),
            output_shape=images.shape[1:3],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode=fill_mode.upper(),
        )
        return tf.cast(tf.round(warped), tf.uint8)

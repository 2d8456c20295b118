"""How long an image's augmentation takes, by what people use for it, on one thread.

    python -m benchmarks.augmentations OVERRIDE...

is a worker (``workers.py``): each line of its input names a method, and the answer is its
milliseconds per image. All draw from the ranges of ``aug``. Each is used as its own documentation
says, images in batches only where it takes batches.
"""

import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np

from benchmarks.composition import compose_config
from benchmarks.workers import serve
from hhexp.augment import build_transform
from hhexp.config.schema import Augmentation
from hhexp.experiment.job import read_data

IMAGES, BATCH = 256, 32
Method = Callable[[np.ndarray], object]
"""Augments images [B, H, W, 3] uint8."""


def main(words: Sequence[str]) -> None:
    """Augment what is asked for."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    config = compose_config(words)
    chosen = np.random.default_rng(0).choice(read_data(config).train.images, IMAGES)
    batches = np.split(chosen, IMAGES // BATCH)
    builders = {
        "affine": use_affine,
        "image_data_generator": use_image_data_generator,
        "keras_layers": use_keras_layers,
        **({"albumentations": use_albumentations} if find_spec("albumentations") else {}),
    }

    def make_meter(method: Method) -> Callable[[], float]:
        return lambda: time_method(method, batches)

    serve({name: make_meter(build(config.aug)) for name, build in builders.items()})


def time_method(method: Method, batches: Sequence[np.ndarray]) -> float:
    """Milliseconds per image."""
    started = time.perf_counter()
    for batch in batches:
        method(batch)
    return (time.perf_counter() - started) / IMAGES * 1000


def use_affine(aug: Augmentation) -> Method:
    """hhexp's default engine."""
    transform = build_transform("affine", aug, seed=0)
    assert transform is not None
    indices = np.arange(BATCH)
    return lambda images: transform(images, indices, 1)


def use_image_data_generator(aug: Augmentation) -> Method:
    """Keras's ImageDataGenerator, image by image, as its ``flow`` does."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rotation_range=aug.rotation_range,
        width_shift_range=aug.width_shift_range,
        height_shift_range=aug.height_shift_range,
        shear_range=aug.shear_range,
        zoom_range=aug.zoom_range,
        horizontal_flip=aug.horizontal_flip,
        fill_mode=aug.fill_mode,
    )
    return lambda images: [generator.random_transform(image.astype(np.float32)) for image in images]


def use_keras_layers(aug: Augmentation) -> Method:
    """Keras's preprocessing layers, on a batch, in a graph, as ``Dataset.map`` calls them."""
    import tensorflow as tf
    from keras import Sequential

    from hhexp.augment.keras_layers import build_layers

    layers = Sequential(list(build_layers(aug).values()))
    return tf.function(lambda images: layers(images, training=True))


def use_albumentations(aug: Augmentation) -> Method:
    """albumentations, image by image, with OpenCV on one thread."""
    import albumentations
    import cv2

    def around(middle: float, spread: float) -> tuple[float, float]:
        return middle - spread, middle + spread

    zoom = around(1, aug.zoom_range)
    transform = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5 * aug.horizontal_flip),
            albumentations.Affine(
                rotate=around(0, aug.rotation_range),
                translate_percent={
                    "x": around(0, aug.width_shift_range),
                    "y": around(0, aug.height_shift_range),
                },
                shear={"x": around(0, aug.shear_range), "y": (0.0, 0.0)},
                scale={"x": zoom, "y": zoom},
                border_mode={"nearest": cv2.BORDER_REPLICATE}[aug.fill_mode],
                p=1,
            ),
        ]
    )
    cv2.setNumThreads(1)
    return lambda images: [transform(image=image)["image"] for image in images]


if __name__ == "__main__":
    main(sys.argv[1:])

"""Views: parts of the evaluation images, to see what a model does where it sees less of them.

A view crops every image and enlarges the crop to the image's own size. A crop of other proportions
than the image is stretched, which is one more thing for a model to be wrong about: to ask for the
part alone, give a box as wide a share of the width as it is high a share of the height.
"""

import numpy as np

from hhexp.config.schema import View
from hhexp.data.on_demand import make_on_demand

# Keeps these draws apart from anything else that is drawn from the same seed.
DOMAIN = 0x76696577


def view_images(images: np.ndarray, view: View) -> np.ndarray:
    """What a view shows of images ``[N, H, W, 3]`` uint8: the same shape and dtype.

    A pure function of its arguments; images are made on demand, so that a large data set needs no
    memory. The whole view gives the images themselves.
    """
    import cv2

    if view.is_whole:
        return images
    height, width = images.shape[1:3]
    crops = place_crops(view, len(images), height, width)

    def show(index: int) -> np.ndarray:
        top, left, bottom, right = crops[index]
        return cv2.resize(images[index][top:bottom, left:right], (width, height))

    return make_on_demand(images.shape, show)


def place_crops(view: View, count: int, height: int, width: int) -> np.ndarray:
    """Where a view crops images: ``[count, 4]`` int64, (top, left, bottom, right) in pixels.

    Edges are rounded to whole pixels; a crop has at least one.
    """
    size = np.array([height, width])
    if view.box is not None:
        edges = np.array(view.box).reshape(2, 2)
        start = np.minimum(np.rint(edges[0] * size), size - 1)
        end = np.maximum(np.rint(edges[1] * size), start + 1)
        return np.tile(np.concatenate([start, end]).astype(np.int64), (count, 1))
    side = np.maximum(np.rint(float(view.share or 1) * size), 1)
    start = np.floor(_draw_uniform(view.seed, count) * (size - side + 1))
    return np.concatenate([start, start + side], axis=1).astype(np.int64)


def _draw_uniform(seed: int, count: int) -> np.ndarray:
    """``[count, 2]`` in [0, 1); row *i* is the same for every count."""
    bits = np.random.PCG64(np.random.SeedSequence([DOMAIN, seed])).random_raw(2 * count)
    return (bits >> np.uint64(11)).reshape(count, 2) * 2.0**-53

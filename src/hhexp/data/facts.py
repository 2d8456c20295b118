"""What is noted of each image while it is decoded, so that the data can be checked without it."""

import hashlib

import numpy as np

FACTS = np.dtype(
    [
        ("sha256", "V32"),  # of the decoded pixels
        ("gradients", "<u8", 2),  # the perceptual hash
        ("width", "<u4"),  # of the picture in its file, in pixels
        ("height", "<u4"),
        ("mean", "<f4"),  # of the pixels' grey, 0 … 255
        ("deviation", "<f4"),  # its standard deviation
    ]
)


def note_facts(picture_size: tuple[int, int], pixels: np.ndarray) -> np.ndarray:
    """The facts of an image: a scalar of ``FACTS``.

    The perceptual hash is dHash (Neal Krawetz, 2013) in both directions: whether each of 8×8 parts
    of the grey image is darker than its right neighbour, and than its lower one.

    Args:
        picture_size: width and height of the picture in its file, in pixels.
        pixels: as decoded, [H, W, 3] uint8.
    """
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    wide, high = (cv2.resize(grey, size, interpolation=cv2.INTER_AREA) for size in ((9, 8), (8, 9)))
    darker = np.concatenate([wide[:, :-1] < wide[:, 1:], high[:-1] < high[1:]])
    mean, deviation = cv2.meanStdDev(grey)
    return np.array(
        (
            hashlib.sha256(pixels.data).digest(),
            np.packbits(darker).view("<u8"),
            *(*picture_size, mean[0, 0], deviation[0, 0]),
        ),
        FACTS,
    )

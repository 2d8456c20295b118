"""An exported model against the original: the same images, and how far the answers are apart."""

from dataclasses import dataclass

import numpy as np

from hhexp.errors import UserError
from hhexp.experiment import Trusted
from hhexp.experiment.recorded import read_recorded_data
from hhexp.exporting.formats import Answer
from hhexp.prediction.answers import compute_probabilities
from hhexp.prediction.model import RunModel
from hhexp.prediction.photographs import resize
from hhexp.tracking.model_files import BATCH
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

TOLERANCE = 1e-4
"""How far a probability may be off. Other kernels sum float32 in another order, which moves a
probability by some 1e-6; a wrong scaling, order of colours or layer moves it by far more."""
MOST = 256
"""Images that both are asked about, at most."""
DRAWN = 64
"""Images that are drawn where the run's are not there."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The images that both models are asked about."""

    images: np.ndarray
    """[N, H, W, 3] uint8, of the model's size."""
    source: str
    """What they are, in a few words."""
    reason: str = ""
    """Why they are not the run's."""


def find_sample(store: Store, run: StoredRun, size: tuple[int, int], trusted: Trusted) -> Sample:
    """The run's validation images, evenly chosen; or drawn ones, and why."""
    try:
        validation = read_recorded_data(store, run, trusted).validation
    except UserError as error:
        source = f"{DRAWN} drawn images, as the run's are not here"
        return Sample(draw_images(DRAWN, *size), source, str(error))
    places = np.unique(np.linspace(0, len(validation.paths) - 1, MOST).astype(int))
    images = np.stack([validation.images[place] for place in places])
    if images.shape[1:3] != size:
        images = np.stack([resize(image, *size) for image in images])
    count, all_of_them = len(places), len(validation.paths)
    which = f"all {count}" if count == all_of_them else f"{count} of the {all_of_them:,}"
    return Sample(images, f"{which} validation images of the run")


def draw_images(count: int, height: int, width: int) -> np.ndarray:
    """[N, H, W, 3] uint8: patches of random colours, from a few large ones to noise."""
    random = np.random.default_rng(0)
    sides = [2 ** (number % 8) for number in range(count)]
    patches = (random.integers(0, 256, (side, side, 3), np.uint8) for side in sides)
    return np.stack([resize(patch, height, width) for patch in patches])


def measure_difference(original: RunModel, exported: Answer, images: np.ndarray) -> float:
    """The largest difference of a probability between the original and the exported model.

    Raises:
        UserError: it is above the tolerance, or the exported model gives no probabilities.
    """
    expected = compute_probabilities(original.network, images)
    parts = [exported(images[n : n + BATCH]) for n in range(0, len(images), BATCH)]
    found = np.concatenate(parts)
    if found.shape != expected.shape:
        raise UserError(f"the exported model answers with the shape {found.shape}")
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:  # NaN too
        raise UserError(
            f"the exported model's probabilities differ from the original's by up to "
            f"{difference:.3g}, more than {TOLERANCE:g}: nothing was written"
        )
    return difference

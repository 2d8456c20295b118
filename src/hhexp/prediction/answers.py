"""A model's answers about images: probabilities, and the regions that speak for the class."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp.errors import UserError
from hhexp.prediction.gradcam import NoFeatureMapError, compute_gradcam
from hhexp.prediction.model import RunModel
from hhexp.tracking.model_files import BATCH
from hhexp.training.step import probabilities

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers about N images."""

    classes: tuple[str, ...]
    probabilities: np.ndarray
    """[N, C] float32."""
    heat: np.ndarray
    """[M, h, w] float32, 0 … 1: Grad-CAM of the predicted class, of the first M images. One
    pixel that is 0 where the model has no feature map."""

    @property
    def has_regions(self) -> bool:
        """Whether the model shows where it looked."""
        return self.heat.shape[1:] != (1, 1)

    @property
    def predicted(self) -> np.ndarray:
        """[N] int64: the class of the highest probability."""
        return self.probabilities.argmax(axis=1)

    def describe(self, number: int) -> tuple[str, str]:
        """The class of an image, and its probability; only exactly 1 is shown as 100.0%."""
        index = self.predicted[number]
        probability = float(self.probabilities[number, index])
        text = f"{probability:.1%}"
        return self.classes[index], ">99.9%" if text == "100.0%" and probability < 1 else text


def compute_probabilities(network: "keras.Model", images: np.ndarray) -> np.ndarray:
    """[N, C] float32: what a network says of images [N, H, W, 3], 0 … 255, in batches."""
    parts = [
        np.asarray(probabilities(network(images[start : start + BATCH], training=False)))
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts)


def ask(model: RunModel, images: np.ndarray, explained: int) -> Answers:
    """Ask a model about images [N, H, W, 3], 0 … 255; the first few of them are explained."""
    found = compute_probabilities(model.network, images)
    first = images[:explained]
    try:
        heat = compute_gradcam(model.network, first, found[:explained].argmax(axis=1))
    except NoFeatureMapError:
        heat = np.zeros((len(first), 1, 1), np.float32)
    return Answers(model.classes, found, heat)


def undo_scaling(network: "keras.Model", images: np.ndarray) -> np.ndarray:
    """[N, H, W, 3] float32: what the network's own scaling turns back into images, 0 … 255.

    Raises:
        UserError: the network does not scale its images.
    """
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.layers.Rescaling):
            return ((images - np.asarray(layer.offset)) / np.asarray(layer.scale)).astype("float32")
    raise UserError("--unscaled: this run's model does not scale its images")

"""A run's model for a person's own Python: it takes images in any form, and answers in numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hhexp.prediction.answers import compute_probabilities
from hhexp.prediction.inputs import ImageLike, list_images, name_image, read_pixels
from hhexp.prediction.model import RunModel, check_image_size, open_model
from hhexp.tracking.query import find_run
from hhexp.tracking.store import Store

if TYPE_CHECKING:
    import keras
    import pandas as pd


ROWS = 20
"""Images that a text lists."""


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """What a model says of N images. Its text is a table."""

    images: tuple[str, ...]
    """Their paths, or ``image 0`` and so on."""
    classes: tuple[str, ...]
    probabilities: np.ndarray
    """[N, C] float32, in the order of the classes."""

    @property
    def labels(self) -> list[str]:
        """The class of the highest probability, for each image."""
        return [self.classes[index] for index in self.probabilities.argmax(axis=1)]

    def frame(self) -> "pd.DataFrame":
        """One row per image: image, class, probability, and p/<class> for each class."""
        import pandas as pd

        known = {f"p/{name}": self.probabilities[:, n] for n, name in enumerate(self.classes)}
        highest = self.probabilities.max(axis=1)
        return pd.DataFrame(
            {"image": self.images, "class": self.labels, "probability": highest, **known}
        )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return self.frame().to_string(index=False, max_rows=ROWS)


@dataclass(frozen=True, eq=False, repr=False)
class Predictor:
    """A run's model, opened."""

    run_id: str
    epoch: str
    """last or best."""
    opened: RunModel
    image_size: tuple[int, int]
    """Height and width in pixels of what the model takes; other images are resized."""

    @property
    def model(self) -> "keras.Model":
        """The Keras model: it takes [N, H, W, 3], 0 … 255, and scales them itself. With two classes
        its one output is the probability of the second."""
        return self.opened.network

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart, in the order of the probabilities."""
        return self.opened.classes

    def predict(self, images: ImageLike | Iterable[ImageLike]) -> Predictions:
        """Ask the model about images: decoded and resized as in training, scaled by the model.

        Args:
            images: a file, an image of Pillow's, an array [H, W, 3], several of any of these, or an
                array [N, H, W, 3]. Arrays hold RGB, 0 … 255, not scaled.

        Raises:
            UserError: an image cannot be read, or an array has another shape or other values.
        """
        given = list_images(images)
        names = [name_image(image, number) for number, image in enumerate(given)]
        pixels = [
            read_pixels(image, name, *self.image_size)
            for image, name in zip(given, names, strict=True)
        ]
        found = compute_probabilities(self.model, np.stack(pixels))
        return Predictions(tuple(names), self.classes, found)

    def __repr__(self) -> str:
        height, width = self.image_size
        classes = ", ".join(self.classes)
        return (
            f"Predictor(run {self.run_id[:8]}, {self.epoch} epoch, images of {height}×{width}, "
            f"classes {classes})"
        )


def open_predictor(
    store: Store, run_id: str, modules: Sequence[str] = (), epoch: str = "last"
) -> Predictor:
    """Open the model that a run logged.

    Args:
        store: where the run is.
        run_id: its ID, or the first digits.
        modules: the person's own, which may have layers of it.
        epoch: last or best.

    Raises:
        UserError: there is no such run, or no model of it that can be loaded safely or be asked
            about images.
    """
    run = find_run(store, run_id)
    opened = open_model(store, run.run_id, modules, epoch)
    return Predictor(run.run_id, epoch, opened, check_image_size(opened))

"""Grad-CAM over the pictures of a report: only this starts TensorFlow."""

from collections.abc import Sequence

import numpy as np

from hhexp.analysis.report.pictures import Overlay
from hhexp.analysis.results import Results
from hhexp.prediction.gradcam import compute_gradcam, lay_over
from hhexp.prediction.model import open_model


def make_overlay(results: Results) -> Overlay:
    """An overlay that opens a run's model and colours the regions that speak for a class."""

    def show_heat(run_id: str, images: np.ndarray, classes: Sequence[str]) -> list[np.ndarray]:
        model = open_model(results.store, run_id)
        indices = np.array([model.classes.index(name) for name in classes])
        heats = compute_gradcam(model.network, images, indices)
        return [lay_over(image, heat) for image, heat in zip(images, heats, strict=True)]

    return show_heat

"""Grad-CAM over the pictures of a report: only this starts TensorFlow."""

from collections.abc import Sequence

import numpy as np

from hhexp.analysis.report.pictures import Overlay
from hhexp.analysis.results import Results
from hhexp.errors import UserError
from hhexp.prediction.gradcam import compute_gradcam, lay_over
from hhexp.prediction.model import check_image_size, open_model


def make_overlay(results: Results) -> Overlay:
    """An overlay that opens a run's model and colours the regions that speak for a class."""

    def show_heat(run_id: str, images: np.ndarray, classes: Sequence[str]) -> list[np.ndarray]:
        model = open_model(results.store, run_id)
        if unknown := sorted(set(classes) - set(model.classes)):
            raise UserError(
                f"run {run_id}: its predictions name the class {unknown[0]!r}, which its model "
                "does not tell apart"
            )
        if check_image_size(model) != images.shape[1:3]:
            raise UserError(f"run {run_id}: its model takes images of another size than its data")
        indices = np.array([model.classes.index(name) for name in classes])
        heats = compute_gradcam(model.network, images, indices)
        return [lay_over(image, heat) for image, heat in zip(images, heats, strict=True)]

    return show_heat

"""Grad-CAM over the pictures of a report: this alone starts TensorFlow."""

from collections.abc import Sequence

import numpy as np

from hhexp.analysis.report.pictures import Overlay
from hhexp.tracking.store import Store


def gradcam_overlay(store: Store) -> Overlay:
    """An overlay that loads a run's model and shows where it saw a class."""

    def overlay(run_id: str, images: np.ndarray, classes: Sequence[str]) -> Sequence[np.ndarray]:
        from hhexp import gradcam
        from hhexp.tracking.models import class_names, load_model

        names = class_names(store, run_id)
        indices = np.array([names.index(name) for name in classes])
        heats = gradcam.gradcam(load_model(store, run_id), images, indices)
        return [gradcam.overlay(image, heat) for image, heat in zip(images, heats, strict=True)]

    return overlay

"""Grad-CAM over the pictures of a report: this alone starts TensorFlow."""

from collections.abc import Sequence

import numpy as np

from hhexp.analysis.report.pictures import Overlay
from hhexp.analysis.results import Results


def gradcam_overlay(results: Results) -> Overlay:
    """An overlay that loads a run's model and shows where it saw a class; starts TensorFlow."""
    from hhexp.prediction import gradcam
    from hhexp.tracking.models import class_names, load_model
    from hhexp.training.runtime import start_tensorflow

    params = results.all[0].run.params
    start_tensorflow(
        device="auto",
        threads=int(params.get("runtime.threads", 2)),
        precision="float32",  # of new layers; the models keep theirs
        isa=params.get("runtime.isa", "native"),
    )

    def overlay(run_id: str, images: np.ndarray, classes: Sequence[str]) -> Sequence[np.ndarray]:
        names = class_names(results.store, run_id)
        indices = np.array([names.index(name) for name in classes])
        heats = gradcam.gradcam(load_model(results.store, run_id), images, indices)
        return [gradcam.overlay(image, heat) for image, heat in zip(images, heats, strict=True)]

    return overlay

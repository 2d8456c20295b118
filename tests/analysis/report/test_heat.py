"""Grad-CAM over a report's pictures."""

from types import SimpleNamespace

import numpy as np
import pytest

from hhexp.analysis.report import heat
from hhexp.errors import UserError
from hhexp.prediction.model import RunModel

NETWORK = SimpleNamespace(input_shape=(None, 8, 8, 3), output_shape=(None, 1))


def test_an_image_shows_what_spoke_for_the_class_that_it_was_taken_for(
    made, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def find_heat(network: object, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
        asked.append((network, classes.tolist()))
        return np.ones((len(images), 2, 2), np.float32)

    def open_model(store: object, run_id: str) -> RunModel:
        return RunModel(NETWORK, ("horses", "humans"))

    monkeypatch.setattr(heat, "open_model", open_model)
    monkeypatch.setattr(heat, "compute_gradcam", find_heat)
    images = np.zeros((2, 8, 8, 3), np.uint8)
    overlaid = heat.make_overlay(made({"aug=none": [{"val/accuracy": [0.5]}]}))(
        "0123", images, ["humans", "horses"]
    )
    assert asked == [(NETWORK, [1, 0])]
    assert [image.shape for image in overlaid] == [(8, 8, 3)] * 2
    assert all(image.std() > 0 for image in overlaid)


@pytest.mark.parametrize(
    ("side", "classes", "problem"),
    [
        (8, ["humans", "\x1b[2J"], "its predictions name the class '.x1b.2J', which its model"),
        (9, ["humans", "horses"], "its model takes images of another size than its data"),
    ],
)
def test_predictions_that_are_not_the_models_are_refused(
    side: int, classes: list[str], problem: str, made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heat, "open_model", lambda *_: RunModel(NETWORK, ("horses", "humans")))
    overlay = heat.make_overlay(made({"aug=none": [{"val/accuracy": [0.5]}]}))
    with pytest.raises(UserError, match=problem):
        overlay("0123", np.zeros((2, side, side, 3), np.uint8), classes)

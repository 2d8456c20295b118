"""What a model says of images."""

import keras
import numpy as np
import pytest

from hhexp.errors import UserError
from hhexp.models import build
from hhexp.prediction.answers import ask, undo_scaling
from hhexp.prediction.model import RunModel

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def model() -> RunModel:
    keras.utils.set_random_seed(0)
    network = build("cnn", {"filters": [4, 8], "dense_units": 16}, (32, 32, 3), 2)
    return RunModel(network, ("cats", "dogs"))


def test_a_model_gives_each_image_probabilities_and_the_first_ones_heat(
    model: RunModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hhexp.prediction.answers.BATCH", 2)
    found = ask(model, IMAGES, 3)
    second = model.network.predict(IMAGES, verbose=0)[:, 0]
    assert found.probabilities == pytest.approx(np.stack([1 - second, second], axis=1), abs=1e-5)
    assert found.heat.shape == (3, 6, 6)
    assert found.classes == ("cats", "dogs")


def test_the_scaling_gives_images_back_that_were_not_scaled(model: RunModel) -> None:
    (scaling,) = (
        layer for layer in model.network.layers if isinstance(layer, keras.layers.Rescaling)
    )
    images = undo_scaling(model.network, IMAGES)
    assert images.dtype == np.float32
    assert np.asarray(scaling(images)) == pytest.approx(IMAGES.astype(np.float32), rel=1e-5)


def test_a_model_that_does_not_scale_has_nothing_to_leave_out() -> None:
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(UserError, match="this run's model does not scale its images"):
        undo_scaling(plain, IMAGES)


def test_a_probability_is_rounded_to_1_only_where_it_is_1(answers) -> None:
    some = answers([[0.25, 0.75], [1, 0], [1e-5, 1 - 1e-5], [0.0009, 0.9991]])
    assert [some.describe(number) for number in range(4)] == [
        ("dogs", "75.0%"),
        ("cats", "100.0%"),
        ("dogs", ">99.9%"),
        ("dogs", "99.9%"),
    ]

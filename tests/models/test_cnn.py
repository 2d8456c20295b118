"""The study's network has the published shape, and refuses images too small for it."""

import numpy as np
import pytest

from hhexp import models
from hhexp.errors import UserError
from hhexp.models.acceptance import check_built

STUDY = {"filters": [16, 32, 64, 64, 64], "dense_units": 512}


def test_the_studys_network_has_1_704_097_parameters() -> None:
    model = models.build("cnn", STUDY, (300, 300, 3), classes=2)
    assert model.count_params() == 1_704_097
    assert model.get_layer("relu_5").output.shape == (None, 7, 7, 64)
    assert model.output_shape == (None, 1)


def test_five_blocks_need_94_pixels() -> None:
    models.check_model("cnn", STUDY, 94)
    with pytest.raises(UserError, match=r"images of 93 pixels are too small .* needs 94 or more"):
        models.check_model("cnn", STUDY, 93)
    assert (
        models.build("cnn", STUDY, (94, 94, 3), classes=2).get_layer("relu_5").output.shape[1] == 1
    )


def test_three_classes_get_a_softmax() -> None:
    model = models.build("cnn", {"filters": [4], "dense_units": 8}, (8, 8, 3), classes=3)
    check_built(model, (8, 8, 3), 3)
    answers = model.predict_on_batch(np.full((2, 8, 8, 3), 200, np.uint8))
    assert answers.shape == (2, 3)
    assert answers.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)


def test_scaling_is_the_models_own() -> None:
    model = models.build("cnn", {"filters": [4], "dense_units": 8}, (8, 8, 3), classes=2)
    white = np.full((1, 8, 8, 3), 255, np.uint8)
    assert model.get_layer("scale")(white).numpy().max() == pytest.approx(1.0)
    as_floats = model.predict_on_batch(white.astype(np.float32))
    assert np.array_equal(model.predict_on_batch(white), as_floats)

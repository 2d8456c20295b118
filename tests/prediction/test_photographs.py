"""Any image file, read for a model."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.errors import UserError
from hhexp.prediction.inputs import read_pixels
from hhexp.prediction.photographs import PICTURE_SIDE, read_photograph, read_photographs

SIZE = (48, 32)
HALVES = np.zeros((32, 48, 3), np.uint8)
HALVES[:, :24], HALVES[:, 24:] = (200, 40, 40), (40, 40, 200)
RED_LEFT, BLUE_RIGHT = (200, 40, 40), (40, 40, 200)


def near(pixel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.all(np.abs(pixel.astype(int) - colour) <= 12))


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "RGB"),
        ("a.png", "RGBA"),
        ("a.png", "P"),
        ("a.jpg", "RGB"),
        ("a.jpg", "CMYK"),
        ("a.webp", "RGBA"),
        ("a.gif", "P"),
        ("a.tif", "CMYK"),
    ],
)
def test_every_kind_of_colour_file_is_read(tmp_path: Path, name: str, mode: str) -> None:
    Image.fromarray(HALVES).convert(mode).save(tmp_path / name)
    photograph = read_photograph(tmp_path / name, 20, 20)
    assert photograph.pixels.shape == (20, 20, 3)
    assert photograph.pixels.dtype == np.uint8
    assert near(photograph.pixels[10, 3], RED_LEFT)
    assert near(photograph.pixels[10, 16], BLUE_RIGHT)
    assert photograph.picture.shape == (32, 48, 3)


@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparent_colours_is_read_without_a_word(tmp_path: Path) -> None:
    image = Image.fromarray(HALVES).quantize(4)
    image.save(tmp_path / "a.png", transparency=bytes([0, 128, 255, 255]))
    assert near(read_photograph(tmp_path / "a.png", 20, 20).pixels[10, 3], RED_LEFT)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey_becomes_rgb(tmp_path: Path, mode: str) -> None:
    Image.fromarray(HALVES.max(axis=2) // 200 * 255).convert(mode).save(tmp_path / "a.png")
    pixels = read_photograph(tmp_path / "a.png", 16, 16).pixels
    assert np.all(pixels == 255)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bits_a_channel_become_8(tmp_path: Path, name: str) -> None:
    deep = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(64, axis=0)
    Image.fromarray(deep).save(tmp_path / name)
    pixels = read_photograph(tmp_path / name, 64, 64).pixels
    assert np.array_equal(pixels[5, :, 1], np.rint(deep[5] / 257))


@pytest.mark.parametrize("most", [255, 65535])
def test_whole_numbers_of_32_bits_are_taken_as_what_they_fit_into(
    tmp_path: Path, most: int
) -> None:
    ramp = np.linspace(0, most, 64).astype(np.int32)[None].repeat(64, axis=0)
    Image.fromarray(ramp).save(tmp_path / "a.tif")
    pixels = read_photograph(tmp_path / "a.tif", 64, 64).pixels
    assert np.array_equal(pixels[5, :, 1], np.rint(ramp[5] / (1 if most == 255 else 257)))


def test_more_than_16_bits_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 70_000, np.int32)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a\.tif: pixel values outside 0 … 65535: convert it"):
        read_photograph(tmp_path / "a.tif", 20, 20)


def test_an_image_that_is_too_large_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_MAX_MEGAPIXELS", "1")
    Image.new("L", (2000, 1001)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png: too large: 2 megapixels; the limit is 1: .* set"):
        read_photograph(tmp_path / "a.png", 20, 20)
    monkeypatch.setenv("HHEXP_MAX_MEGAPIXELS", "3")
    assert read_photograph(tmp_path / "a.png", 20, 20).pixels.shape == (20, 20, 3)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (Path("/dev/zero"), tmp_path / "pipe.png", tmp_path):
        with pytest.raises(UserError, match="not a file"):
            read_photograph(path, 20, 20)


def test_a_large_file_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(5 * 10**9)  # sparse: it takes up nothing
    monkeypatch.setenv("HHEXP_MAX_IMAGE_MB", "1")
    with pytest.raises(UserError, match=r"a\.png: too large: 5,000 MB; the limit is 1"):
        read_photograph(tmp_path / "a.png", 20, 20)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_colours_of_16_bits_become_8(tmp_path: Path, name: str) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / name), HALVES[..., ::-1].astype(np.uint16) * 257)
    assert near(read_photograph(tmp_path / name, 20, 20).pixels[10, 3], RED_LEFT)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "grey.png", "grey.tif"])
def test_values_of_12_bits_in_a_file_of_16_are_refused(tmp_path: Path, name: str) -> None:
    import cv2

    values = HALVES[..., ::-1].astype(np.uint16) * 16
    cv2.imwrite(str(tmp_path / name), values[..., 0] if "grey" in name else values)
    with pytest.raises(UserError, match=r"no value uses the upper two.*convert it to 8 bits"):
        read_photograph(tmp_path / name, 20, 20)
    with (
        Image.open(tmp_path / name) as picture,
        pytest.raises(UserError, match=r"image 0: 16 bits .* convert it to 8 bits"),
    ):
        read_pixels(picture, "image 0", 20, 20)


@pytest.mark.parametrize("deep", [False, True])
def test_a_photograph_is_turned_upright_as_its_exif_orientation_says(
    tmp_path: Path, deep: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise: left becomes top
    image = Image.fromarray(HALVES)
    if deep:
        image = Image.fromarray(HALVES[..., 0].astype(np.uint16) * 257)
    image.save(tmp_path / "a.png", exif=exif)
    photograph = read_photograph(tmp_path / "a.png", 20, 20)
    assert photograph.picture.shape == (48, 32, 3)
    assert photograph.pixels[3, 10, 0] > 190
    assert photograph.pixels[16, 10, 0] < 50


def test_what_is_shown_of_a_large_photograph_keeps_its_proportions(tmp_path: Path) -> None:
    Image.new("RGB", (2400, 1200)).save(tmp_path / "a.png")
    photograph = read_photograph(tmp_path / "a.png", 30, 40)
    assert photograph.picture.shape == (PICTURE_SIDE // 2, PICTURE_SIDE, 3)
    assert photograph.pixels.shape == (30, 40, 3)
    Image.new("RGB", (5000, 1)).save(tmp_path / "line.png")
    assert read_photograph(tmp_path / "line.png", 30, 40).picture.shape == (1, PICTURE_SIDE, 3)


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no\.png: cannot be read: No such file"):
        read_photograph(tmp_path / "no.png", 20, 20)
    with pytest.raises(UserError, match="not a file"):
        read_photograph(tmp_path, 20, 20)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.png: (not an|a damaged) image"):
        read_photograph(tmp_path / "x.png", 20, 20)


@pytest.mark.parametrize("deep", [False, True])
def test_a_truncated_image_is_named(tmp_path: Path, deep: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(noise.astype(np.uint16) * 250 if deep else noise).save(tmp_path / "x.png")
    whole = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"x\.png: a damaged image"):
        read_photograph(tmp_path / "x.png", 20, 20)


def test_of_several_files_those_that_cannot_be_read_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    files = [tmp_path / "gone.png", tmp_path / "a.png"]
    assert [each.name for each in read_photographs(files, 4, 4)] == ["a.png"]
    said = capsys.readouterr().err
    assert said == f"hhexp: {tmp_path}/gone.png: cannot be read: No such file or directory\n"

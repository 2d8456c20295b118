import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.data.decode import decode
from hhexp.errors import UserError

RED_TO_BLUE = (
    np.stack([np.linspace(255, 0, 48), np.full(48, 40), np.linspace(0, 255, 48)], axis=-1)
    .astype(np.uint8)[None]
    .repeat(32, axis=0)
)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_a_png_decodes_to_its_pixels() -> None:
    pixels = decode(saved(Image.fromarray(RED_TO_BLUE)), "a.png", None)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, RED_TO_BLUE)


def test_alpha_is_dropped_not_blended() -> None:
    image = Image.fromarray(RED_TO_BLUE)
    image.putalpha(10)
    assert np.array_equal(decode(saved(image), "a.png", None), RED_TO_BLUE)


def test_grey_and_palette_images_become_rgb() -> None:
    grey = Image.fromarray(RED_TO_BLUE).convert("L")
    pixels = decode(saved(grey), "a.png", None)
    assert np.array_equal(pixels, np.asarray(grey)[..., None].repeat(3, axis=-1))
    palette = Image.fromarray(RED_TO_BLUE).quantize(256)
    assert np.array_equal(decode(saved(palette), "a.png", None), np.asarray(palette.convert("RGB")))


def test_an_image_is_turned_upright_as_its_exif_orientation_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    pixels = decode(saved(Image.fromarray(RED_TO_BLUE), exif=exif), "a.png", None)
    assert np.array_equal(pixels, np.rot90(RED_TO_BLUE, -1))


def test_resizing_gives_a_square_and_keeps_to_the_values_that_were_there() -> None:
    step = np.zeros((64, 64, 3), np.uint8)
    step[:, 32:] = 200
    pixels = decode(saved(Image.fromarray(step)), "a.png", 24)
    assert pixels.shape == (24, 24, 3)
    assert np.all(pixels[:, :10] == 0)
    assert np.all(pixels[:, 14:] == 200)
    assert decode(saved(Image.fromarray(RED_TO_BLUE)), "a.png", 24).shape == (24, 24, 3)


def test_shrinking_averages_what_it_leaves_out() -> None:
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    pixels = decode(saved(Image.fromarray(board.astype(np.uint8))), "a.png", 16)
    assert np.all(np.abs(pixels.astype(int) - 127) < 20)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_image_is_named(kind: str, part: float) -> None:
    whole = saved(Image.fromarray(RED_TO_BLUE), kind)
    with pytest.raises(UserError, match=r"^train/cats/cut\.x: (a damaged|not an) image"):
        decode(whole[: int(len(whole) * part)], "train/cats/cut.x", None)


@pytest.mark.parametrize("content", [b"", b"label,count\ncats,3\n", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_named(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^train/cats/notes\.png: (not an|a damaged) image"):
        decode(content, "train/cats/notes.png", None)


def test_more_than_8_bits_a_channel_are_refused_rather_than_cut_off(tmp_path: Path) -> None:
    deep = Image.fromarray(np.linspace(0, 65535, 1024).astype(np.uint16).reshape(32, 32))
    with pytest.raises(UserError, match="more than 8 bits per channel"):
        decode(saved(deep), "a.png", None)


def test_a_png_of_16_bit_colours_is_refused_too() -> None:
    import cv2

    _, content = cv2.imencode(".png", RED_TO_BLUE.astype(np.uint16) * 257)
    with pytest.raises(UserError, match="more than 8 bits per channel"):
        decode(content.tobytes(), "deep.png", None)


def test_a_palette_with_transparency_decodes_without_a_word() -> None:
    palette = Image.fromarray(RED_TO_BLUE).quantize(256)
    image = saved(palette, transparency=bytes(range(256)))
    filters = list(warnings.filters)
    with ThreadPoolExecutor() as pool:
        decoded = list(pool.map(lambda _: decode(image, "a.png", None), range(300)))
    assert all(np.array_equal(pixels, np.asarray(palette.convert("RGB"))) for pixels in decoded)
    assert warnings.filters == filters  # which all threads share

import io
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.data.decode import decode
from hhexp.data.image_files import check_image
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


def encode_deep(suffix: str) -> bytes:
    """An image of 12-bit values in 16-bit colours."""
    import cv2

    values = RED_TO_BLUE.astype(np.uint16) * 16
    return bytes(cv2.imencode(suffix, values)[1].tobytes())


def write_ppm(most: int, plain: bool = False) -> bytes:
    values = np.linspace(0, most, 12).astype(">u2" if most > 255 else np.uint8).reshape(2, 2, 3)
    if plain:
        return f"P3\n2 2\n{most}\n{' '.join(map(str, values.ravel()))}\n".encode()
    return f"P6\n2 2\n{most}\n".encode() + values.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        *(encode_deep(suffix) for suffix in (".png", ".tiff", ".ppm", ".jp2")),
        write_ppm(4095),
        write_ppm(4095, plain=True),
        saved(Image.fromarray(RED_TO_BLUE), "SGI", bpc=2),
    ],
    ids=["png", "tiff", "ppm", "jp2", "ppm of 12 bits", "plain ppm", "sgi"],
)
def test_deep_colours_are_refused_whatever_the_format(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^a: more than 8 bits per channel"):
        decode(content, "a", None)


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "SGI", "BMP", "JPEG2000"])
def test_colours_of_8_bits_are_read_in_the_same_formats(kind: str) -> None:
    options = {"irreversible": False} if kind == "JPEG2000" else {}
    content = saved(Image.fromarray(RED_TO_BLUE), kind, **options)
    assert np.array_equal(decode(content, "a", None), RED_TO_BLUE)


def test_fewer_bits_are_read_too() -> None:
    assert decode(write_ppm(100), "a.ppm", None).max() == 255
    five_bits = np.array([[0x7C00, 0x03E0], [0x001F, 0x7FFF]], "<u2")
    header = b"BM" + (62).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    sizes = (40, 2, -2)
    header += b"".join(size.to_bytes(4, "little", signed=True) for size in sizes)
    header += b"\1\0\x10\0" + bytes(24)
    expected = [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]]
    assert decode(header + five_bits.tobytes(), "a.bmp", None).tolist() == expected


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_that_begins_with_an_empty_frame_is_refused(kind: str) -> None:
    empty = Image.new("RGBA", (48, 32), (0, 0, 0, 0))
    second = Image.fromarray(RED_TO_BLUE).convert("RGBA")
    content = saved(empty, kind, save_all=True, append_images=[second])
    with pytest.raises(UserError, match=r"^a: the first of its frames is empty"):
        decode(content, "a", None)
    whole = saved(second, kind, save_all=True, append_images=[empty])
    assert np.abs(decode(whole, "a", None).astype(int) - RED_TO_BLUE).mean() < 12


def add_chunk(
    png: bytes, kind: bytes, content: bytes, *, last: bool = False, crc: int = 0
) -> bytes:
    """A PNG with another chunk, after its header or before its end."""
    place = len(png) - 12 if last else 33
    checksum = (zlib.crc32(kind + content) ^ crc).to_bytes(4, "big")
    chunk = len(content).to_bytes(4, "big") + kind + content + checksum
    return png[:place] + chunk + png[place:]


LONG_TEXT = b"comment\0\0" + zlib.compress(b"x" * 5_000_000)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("kind", "content", "crc"),
    [
        (b"zTXt", LONG_TEXT, 0),
        (b"iCCP", LONG_TEXT, 0),
        (b"tEXt", b"comment\0text", 1),
        (b"eXIf", b"no EXIF", 0),
        (b"eXIf", b"no EXIF", 1),
        (b"pHYs", b"?", 0),
    ],
)
def test_a_png_whose_notes_are_broken_or_long_is_read(
    kind: bytes, content: bytes, crc: int, last: bool
) -> None:
    png = add_chunk(saved(Image.fromarray(RED_TO_BLUE)), kind, content, last=last, crc=crc)
    assert np.array_equal(decode(png, "a.png", None), RED_TO_BLUE)


def test_a_png_whose_notes_are_broken_is_turned_upright_all_the_same() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    png = add_chunk(saved(Image.fromarray(RED_TO_BLUE), exif=exif), b"zTXt", LONG_TEXT)
    assert np.array_equal(decode(png, "a.png", None), np.rot90(RED_TO_BLUE, -1))


def test_a_png_whose_pixels_are_damaged_is_not_read_however_broken_its_notes() -> None:
    png = bytearray(add_chunk(saved(Image.fromarray(RED_TO_BLUE)), b"zTXt", LONG_TEXT))
    png[-20] ^= 0xFF
    with pytest.raises(UserError, match="a damaged image"):
        decode(bytes(png), "a.png", None)


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"])
def test_an_image_with_a_broken_exif_is_read_as_it_lies(exif: bytes) -> None:
    image = Image.fromarray(RED_TO_BLUE)
    content = saved(image, "JPEG", exif=exif, quality=100)
    with warnings.catch_warnings():
        check_image(content, "a.jpg")  # which silences Pillow's warnings
        pixels = decode(content, "a.jpg", None)
    assert np.abs(pixels.astype(int) - RED_TO_BLUE).mean() < 3

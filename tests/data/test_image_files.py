"""Images of other people are looked at before they take up memory."""

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from hhexp.data import load
from hhexp.data.folders import find_images, folder
from hhexp.data.image_files import check_image
from hhexp.errors import UserError


def write_bomb(side: int) -> bytes:
    """A PNG of side × side white pixels, which takes no memory to write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    row = b"\0" + b"\xff" * -(-side // 8)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = side.to_bytes(4, "big") * 2 + b"\x01\0\0\0\0"  # one bit a pixel
    parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("side", "megapixels"), [(8_000, "64"), (13_000, "169"), (20_000, "400"), (100_000, "10,000")]
)
def test_a_small_file_of_many_pixels_is_refused_with_its_size(side: int, megapixels: str) -> None:
    content = write_bomb(side) if side < 100_000 else write_bomb(8)
    if side == 100_000:
        content = content.replace((8).to_bytes(4, "big") * 2, side.to_bytes(4, "big") * 2)
        content = content.replace(content[29:33], zlib.crc32(content[12:29]).to_bytes(4, "big"))
    with pytest.raises(UserError) as error:
        check_image(content, "a.png")
    assert str(error.value) == (
        f"a.png: too large: {megapixels} megapixels; the limit is 50: to raise it, set "
        "HHEXP_MAX_MEGAPIXELS"
    )


def test_such_an_image_in_a_data_set_is_named_before_it_is_decoded(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (images / "train/cats/cats9.png").write_bytes(write_bomb(9_000))
    monkeypatch.setattr("hhexp.data.decoded.read_picture", lambda *_: Image.new("RGB", (16, 16)))
    with pytest.raises(UserError, match=r"train/cats/cats9\.png: too large: 81 megapixels"):
        load("mine", folder(root=str(images)), 16)


def test_a_program_in_postscript_is_not_run(images: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "EPS")
    (images / "train/cats/cats9.png").write_bytes(file.getvalue())
    with pytest.raises(UserError, match=r"cats9\.png: EPS is not supported: convert it to PNG"):
        load("mine", folder(root=str(images)), 16)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_large_file_is_refused_before_it_is_read_to_its_end(
    zipped: bool, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (images / "train/cats/cats9.png").open("wb") as file:
        file.truncate(3_000_000)
    monkeypatch.setenv("HHEXP_MAX_IMAGE_MB", "2")
    root: Path | zipfile.Path = images
    if zipped:
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(images.rglob("*.png")):
                archive.write(path, path.relative_to(images))
        root = zipfile.Path(tmp_path / "a.zip")
    with pytest.raises(
        UserError, match=r"train/cats/cats9\.png: too large: [23] MB; the limit is 2"
    ):
        load("mine", find_images(root, "a folder"), 16)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<html>", b"II*\0" * 9])
def test_what_is_no_image_is_left_to_the_decoder(content: bytes) -> None:
    check_image(content, "a.png")

"""Pack the published Horses-or-Humans images into the copy that the package carries.

    python scripts/pack_horses_or_humans.py FOLDER

FOLDER holds the published PNG files in train/ and validation/ class folders. The same files give
the same zip file, byte for byte, with one version of Pillow. Prints what the data's documentation
and configuration say about it: size, SHA-256, fingerprints and PSNR.
"""

import argparse
import hashlib
import io
import math
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from hhexp.data.dataset import SPLITS
from hhexp.data.folders import find_images, folder
from hhexp.data.manifest import compute_fingerprint, make_manifest

PACKAGED = Path(__file__).parents[1] / "src/hhexp/data/horses_or_humans.zip"
QUALITY = 85

README = f"""\
Horses or Humans, recompressed

1,027 training and 256 validation images, 300x300 pixels, rendered by Laurence Moroney
(https://laurencemoroney.com) and published by him under the Creative Commons Attribution 2.0
licence: see LICENSE.txt.

What was changed: each PNG file was converted from RGBA to RGB (the alpha channel was dropped) and
recompressed as lossy WebP of quality {QUALITY}. Folders and file names are as published, but for
the suffix. No image was left out, cropped, resized or otherwise retouched.
"""

LICENSE = """\
The images in this file are by Laurence Moroney (https://laurencemoroney.com), and are licensed
under the Creative Commons Attribution 2.0 Generic licence (CC BY 2.0):

    https://creativecommons.org/licenses/by/2.0/
    https://creativecommons.org/licenses/by/2.0/legalcode

You may share and adapt them for any purpose if you give credit, link to the licence and say what
you changed. They come without any warranty. What was changed here is in README.txt; the author of
the images has not endorsed it.
"""


def main() -> None:
    """Pack the images, then read the result back and describe it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the published images: train/ and validation/")
    parser.add_argument("--output", type=Path, default=PACKAGED)
    arguments = parser.parse_args()

    images = folder(root=arguments.folder)
    published = [image for split in SPLITS for image in images[split]]
    content = {"LICENSE.txt": LICENSE.encode(), "README.txt": README.encode()}
    errors = []
    for image in published:
        pixels = rgb(image.read())
        name = str(PurePosixPath(image.path).with_suffix(".webp"))
        content[name] = webp(pixels)
        errors.append(squared_error(pixels, rgb(content[name])))
    write(content, arguments.output)

    packed = find_images(zipfile.Path(arguments.output), str(arguments.output))
    data = arguments.output.read_bytes()
    print(f"{arguments.output}: {len(published)} images, {len(data):,} bytes")
    print(f"SHA-256                {hashlib.sha256(data).hexdigest()}")
    print(f"fingerprint            {compute_fingerprint(make_manifest(packed))}")
    print(f"published fingerprint  {compute_fingerprint(make_manifest(images))}")
    worst, over_all = psnr(max(errors)), psnr(float(np.mean(errors)))
    mean = np.mean([psnr(error) for error in errors])
    print(
        f"PSNR in dB             {over_all:.2f} over all pixels, "
        f"{mean:.2f} mean of the images, {worst:.2f} worst image"
    )


def rgb(content: bytes) -> Image.Image:
    """The image without its alpha channel."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def webp(pixels: Image.Image) -> bytes:
    """The image as lossy WebP, with the encoder's most thorough method."""
    file = io.BytesIO()
    pixels.save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()


def squared_error(one: Image.Image, other: Image.Image) -> float:
    """The mean squared difference of two images' values, 0 … 255²."""
    return float(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2))


def psnr(squared: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared difference of 8-bit values."""
    return 10 * math.log10(255**2 / squared)


def write(content: dict[str, bytes], output: Path) -> None:
    """Write a zip file that depends on nothing but the content: sorted, stored, of one date."""
    temporary = output.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as zipped:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is packed
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, content[name])
    temporary.replace(output)


if __name__ == "__main__":
    main()

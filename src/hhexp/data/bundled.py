"""The copy of Horses or Humans that comes with the package."""

import hashlib
import importlib.resources
import io
import zipfile

from hhexp.config.registry import data_reader
from hhexp.data.dataset import Files
from hhexp.data.folders import find_images
from hhexp.errors import UserError
from hhexp.reading import Sha256

ARCHIVE = "horses_or_humans.zip"


@data_reader
def bundled(*, sha256: Sha256) -> Files:
    """The images in ``horses_or_humans.zip`` inside the package (about 14 MB, read as a whole).

    Args:
        sha256: of the zip file, in hex.

    Raises:
        UserError: the file is missing, or does not have this SHA-256.
    """
    file = importlib.resources.files("hhexp.data") / ARCHIVE
    if not file.is_file():
        raise UserError(f"{file}: missing: install hhexp again")
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise UserError(
            f"{file}: its SHA-256 is {found}, but data.sha256 says {sha256}: "
            "install hhexp again, or correct the key"
        )
    return find_images(zipfile.Path(zipfile.ZipFile(io.BytesIO(content))), ARCHIVE)

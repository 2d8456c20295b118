"""Which files a data set consists of: the manifest, and the fingerprint of its content."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from hhexp.data.dataset import FileEntry, Files, ImageFile
from hhexp.data.image_files import check_image
from hhexp.errors import UserError


def make_manifest(files: Files) -> tuple[FileEntry, ...]:
    """Read every file and note its path, size and SHA-256, sorted by path.

    Raises:
        UserError: a file cannot be read.
    """
    images = sorted((image for split in files.values() for image in split), key=lambda i: i.path)
    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(_describe_file, images))


def compute_fingerprint(entries: Iterable[FileEntry]) -> str:
    """The SHA-256 (hex) of a data set's content.

    It is taken over the sorted lines ``<sha256>  <path>``, each ended by a newline: what
    ``sha256sum`` writes, so that ``sha256sum | LC_ALL=C sort | sha256sum`` gives the same.
    """
    lines = sorted(f"{entry.sha256}  {entry.path}\n" for entry in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_file(image: ImageFile) -> bytes:
    """The content of a file that is to be decoded.

    Raises:
        UserError: it cannot be read, or is too large, or an image that is too large.
    """
    content = _read(image)
    check_image(content, image.path)
    return content


def _read(image: ImageFile) -> bytes:
    try:
        return image.read()
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise UserError(f"{image.path}: cannot be read: {error}") from error


def _describe_file(image: ImageFile) -> FileEntry:
    content = _read(image)
    return FileEntry(image.path, len(content), hashlib.sha256(content).hexdigest())

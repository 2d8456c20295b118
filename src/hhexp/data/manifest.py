"""Which files a data set consists of: the manifest, and the fingerprint of its content."""

import contextlib
import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hhexp.data.bad import BadFilesError
from hhexp.data.chunks import split_chunks
from hhexp.data.dataset import FileEntry, Files, ImageFile
from hhexp.data.hashes import Mark, find_hashes, keep_hashes, mark_file
from hhexp.errors import UserError


def make_manifest(files: Files, *, verify: bool = False) -> tuple[FileEntry, ...]:
    """Note every file's path, size and SHA-256, sorted by path.

    A file on disk that was read before and has not changed is not read again, but where
    ``verify`` says so (``hhexp.data.hashes``).

    Raises:
        BadFilesError: files cannot be read.
    """
    images = sorted((image for split in files.values() for image in split), key=lambda i: i.path)
    entries: list[FileEntry] = []
    bad: dict[str, str] = {}
    with ThreadPoolExecutor() as pool:
        for _, chunk in split_chunks(images, "reading files"):
            marks = _mark_files(chunk)
            known = {} if verify else find_hashes(marks)
            unknown = [image for image in chunk if image.file not in known]
            new = dict(zip(unknown, pool.map(_describe_file, unknown), strict=True))
            for image in chunk:
                entry = new.get(image)
                if isinstance(entry, str):
                    bad[image.path] = entry
                elif entry:
                    entries.append(entry)
                elif image.file:
                    size, *_ = marks[image.file]
                    entries.append(FileEntry(image.path, size, known[image.file]))
            hashes = {
                image.file: entry.sha256
                for image, entry in new.items()
                if image.file in marks and isinstance(entry, FileEntry)
            }
            keep_hashes(hashes, marks)
    if bad:
        raise BadFilesError(bad)
    return tuple(entries)


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
        UserError: it cannot be read, or is too large.
    """
    try:
        return image.read()
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise UserError(f"{image.place}: cannot be read: {error}") from error


def _mark_files(images: Sequence[ImageFile]) -> dict[Path, Mark]:
    """The marks of those that lie on disk; reading the others says what is wrong."""
    marks = {}
    for image in images:
        if image.file:
            with contextlib.suppress(OSError):
                marks[image.file] = mark_file(image.file)
    return marks


def _describe_file(image: ImageFile) -> FileEntry | str:
    """A file's entry, or a line on why it cannot be read."""
    try:
        content = read_file(image)
    except UserError as error:
        return str(error)
    return FileEntry(image.path, len(content), hashlib.sha256(content).hexdigest())

"""Archives from the network: downloaded, verified and unpacked."""

import stat
import zipfile
import zlib
from pathlib import Path
from typing import Self

from hhexp.errors import UserError
from hhexp.limits import DOWNLOAD_BYTES, RATIO, UNPACKED_BYTES, UNPACKED_FILES

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for a damaged file, or for one that is encrypted or packed another way."""
RETRIES = 2
TIMEOUT_S = 30


def download(url: str, sha256: str, file: Path) -> None:
    """Download ``url`` to ``file``, with a progress bar on stderr.

    A transfer that is interrupted or whose SHA-256 is wrong starts again, at most ``RETRIES``
    times; ``file`` appears only when it is right.

    Raises:
        UserError: it is too large, could not be downloaded, or its SHA-256 is still wrong.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    archives = pooch.create(
        path=file.parent,
        base_url="",
        registry={file.name: f"sha256:{sha256}"},
        urls={file.name: url},
        retry_if_failed=RETRIES,
    )
    try:
        with _Bar(f"downloading {Path(url).name}") as bar:
            fetch = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_S)
            archives.fetch(file.name, downloader=fetch)
    except (requests.RequestException, ValueError) as error:
        raise UserError(f"{url}: {_give_reason(error)}") from error


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into a folder.

    Raises:
        UserError: it is not a zip file or too large, or an entry is a symbolic link or would land
            outside of the folder; nothing has been unpacked then.
    """
    inside = folder.resolve()
    check_archive(archive)
    try:
        with zipfile.ZipFile(archive) as zipped:
            for entry in zipped.infolist():
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise UserError(f"{archive.name}: refused: {entry.filename} is a symbolic link")
                if not (inside / entry.filename).resolve().is_relative_to(inside):
                    raise UserError(
                        f"{archive.name}: refused: {entry.filename} would be outside the folder"
                    )
            zipped.extractall(inside)
    except BROKEN as error:
        raise UserError(f"{archive.name}: not a valid zip file: {error}") from error


def check_archive(archive: Path) -> None:
    """Check what a zip file says of itself; Python's zipfile unpacks no more than that.

    Raises:
        UserError: it is not a zip file, or what is in it is too much.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            entries = zipped.infolist()
    except BROKEN as error:
        raise UserError(f"{archive.name}: not a valid zip file: {error}") from error
    unpacked = sum(entry.file_size for entry in entries)
    UNPACKED_FILES.check(len(entries), archive.name)
    UNPACKED_BYTES.check(unpacked, f"{archive.name}, unpacked")
    RATIO.check(unpacked // max(1, archive.stat().st_size), f"{archive.name}, unpacked")


def _give_reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_S} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download was interrupted"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())


class _Bar:
    """The progress bar that pooch wants, drawn by rich."""

    def __init__(self, text: str) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        from hhexp.terminal import Terminal

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Terminal(stderr=True),
        )
        self._text = text
        self._task = self._progress.add_task(text, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def total(self) -> int:
        return int(self._progress.tasks[0].total or 0)

    @total.setter
    def total(self, size: int) -> None:
        """Set at the start of every attempt, to what the server says."""
        DOWNLOAD_BYTES.check(size, self._text)
        self._progress.reset(self._task, total=size or None)

    def update(self, size: int) -> None:
        self._progress.advance(self._task, size)
        # A server may send more than it says, or say nothing.
        DOWNLOAD_BYTES.check(int(self._progress.tasks[0].completed), self._text)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        """Nothing: leaving the block ends the bar, after the last attempt."""

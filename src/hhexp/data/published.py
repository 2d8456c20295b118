"""The published archives of Horses or Humans: found on this machine, or downloaded."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from hhexp.config.registry import data_reader
from hhexp.data.cache import cache_folder, open_or_build
from hhexp.data.dataset import SPLITS, Files
from hhexp.data.download import check_archive, download, unpack
from hhexp.data.folders import expand, find_images, find_split_images
from hhexp.data.manifest import compute_fingerprint, make_manifest
from hhexp.errors import UserError
from hhexp.reading import Address, Sha256


@dataclass(frozen=True)
class Archive:
    """A published archive, with class folders at its top."""

    split: str
    url: str
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file, as published."""
        return PurePosixPath(urlsplit(self.url).path).name


@data_reader
def published(
    *,
    root: str | None,
    train_url: Address,
    train_sha256: Sha256,
    validation_url: Address,
    validation_sha256: Sha256,
    fingerprint: Sha256,
) -> Files:
    """The images as published: from ``root``, else ``$HHEXP_DATA``, the cache, or the network.

    Args:
        root: a folder with ``train/`` and ``validation/`` class folders, or with the two archives.
            None looks further.
        train_url: address of the archive with the training images.
        train_sha256: its SHA-256, in hex.
        validation_url: address of the archive with the validation images.
        validation_sha256: its SHA-256, in hex.
        fingerprint: what the images' fingerprint must be, wherever they come from.

    Raises:
        UserError: ``root`` does not contain the images, other images were found, or they could not
            be downloaded.
    """
    archives = (
        Archive("train", train_url, train_sha256),
        Archive("validation", validation_url, validation_sha256),
    )
    if root is not None:
        files = _find_images(expand(root), archives)
        if files is None:
            raise UserError(
                f"data.root={root}: no such folder, or it contains neither train/ and validation/ "
                f"nor {archives[0].name} and {archives[1].name}"
            )
        return _verify(files, fingerprint, root)
    elsewhere = os.environ.get("HHEXP_DATA")
    if elsewhere:
        files = _find_images(expand(elsewhere), archives)
        if files is not None:
            return _verify(files, fingerprint, elsewhere)

    def cached(folder: Path) -> Files | None:
        try:
            return _verify(find_images(folder, str(folder)), fingerprint, str(folder))
        except UserError:
            return None

    return open_or_build(
        cache_folder() / "published" / fingerprint,
        cached,
        lambda folder: _fetch(folder, archives, fingerprint),
    )


def _find_images(folder: Path, archives: tuple[Archive, ...]) -> Files | None:
    """The images in a folder, from class folders or from the archives; None if neither is there."""
    if all((folder / split).is_dir() for split in SPLITS):
        return find_images(folder, str(folder))
    if not all((folder / archive.name).is_file() for archive in archives):
        return None
    files = {}
    for archive in archives:
        file = folder / archive.name
        _check_sha256(file, archive.sha256)
        check_archive(file)
        files[archive.split] = find_split_images(zipfile.Path(file), archive.split, str(file))
    return files


def _check_sha256(file: Path, expected: str) -> None:
    import pooch

    sha256 = pooch.file_hash(str(file))
    if sha256 != expected:
        raise UserError(f"{file}: its SHA-256 is {sha256}, not {expected}: download it again")


def _verify(files: Files, expected: str, where: str) -> Files:
    """The published splits, without what else lies beside them."""
    if lacking := [split for split in SPLITS if split not in files]:
        raise UserError(f"{where}: no folder {lacking[0]}/ in it")
    files = {split: files[split] for split in SPLITS}
    fingerprint = compute_fingerprint(make_manifest(files))
    if fingerprint != expected:
        raise UserError(
            f"{where}: not the published images: their fingerprint is {fingerprint}, not "
            f"{expected} (data.fingerprint); for other images: data=folder data.root={where}"
        )
    return files


def _fetch(folder: Path, archives: tuple[Archive, ...], fingerprint: str) -> None:
    """Download the archives and unpack them as ``train/`` and ``validation/``."""
    # The small one first: what stops a download stops it at once.
    for archive in reversed(archives):
        file = folder / f"{archive.split}.zip"
        try:
            download(archive.url, archive.sha256, file)
        except UserError as error:
            raise UserError(
                "the published images are not in $HHEXP_DATA "
                f"({_show_variable('HHEXP_DATA')}) nor in the cache ({cache_folder()}), and "
                f"cannot be downloaded: {error}; put "
                f"{' and '.join(archive.name for archive in archives)} into a folder and set "
                "data.root to it, or use data=horses_or_humans, which needs no network"
            ) from error
        (folder / archive.split).mkdir()
        unpack(file, folder / archive.split)
        file.unlink()
    _verify(find_images(folder, "the archives"), fingerprint, "the archives")


def _show_variable(variable: str) -> str:
    return os.environ.get(variable) or "not set"

"""Class folders: in ``train/``, ``validation/`` and ``test/``, or in one folder without these.

A folder and a zip file are read with the methods that ``pathlib.Path`` and ``zipfile.Path`` share.
"""

from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path

from hhexp.config.registry import data_reader
from hhexp.data.dataset import SPLITS, TEST, Files, ImageFile
from hhexp.data.image_files import read_image_file
from hhexp.errors import UserError


@data_reader
def folder(*, root: str) -> Files:
    """Any images: in ``train/``, ``validation/`` and maybe ``test/``, each with one folder per
    class; or in class folders, from which the splits are cut.

    Raises:
        UserError: the folder or a part of it is missing, empty, or not laid out like that.
    """
    path = expand(root)
    if not root.strip():
        raise UserError("data.root is empty: name the folder that contains train/ and validation/")
    if not path.is_dir():
        raise UserError(f"data.root={root}: no such folder")
    return find_images(path, str(path))


def expand(path: str) -> Path:
    """A path, with the home folder in the place of ``~``; of nobody's home, the path as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def find_images(root: Traversable, where: str) -> Files:
    """Find the images in ``train/<class>/``, ``validation/<class>/``, ``test/<class>/``.

    If ``root`` has none of these but class folders, all images are in ``train``, of which the
    others can be cut. Hidden files are ignored; so is everything else next to the splits' folders.

    Args:
        root: the folder, or the top of a zip file.
        where: what messages call it.

    Raises:
        UserError: it is not laid out like that.
    """
    there = [split for split in (*SPLITS, TEST) if (root / split).is_dir()]
    if there and there[0] == "train":
        return {s: find_split_images(root / s, s, f"{where}/{s}") for s in there}
    entries = _list_entries(root, where)
    if there or not entries or not all(entry.is_dir() for entry in entries):
        raise UserError(
            f"{where}: no folder train/ in it: it must contain train/ and validation/, each with "
            "one folder per class; or nothing but class folders"
        )
    return {"train": find_split_images(root, "train", where)}


def find_split_images(split_folder: Traversable, split: str, where: str) -> list[ImageFile]:
    """Find the images of one split in the class folders under ``split_folder``.

    Raises:
        UserError: a file lies where a class folder should be, or the other way round; there are
            no class folders, or one is empty.
    """
    images = []
    classes = _list_entries(split_folder, where)
    if not classes:
        raise UserError(f"{where}: empty: it must contain one folder per class, with images")
    if len(classes) == 1 and (hidden := _list_hidden(split_folder)):
        raise UserError(f"{where}: only {classes[0].name}; passed over: {hidden[0]} (hidden)")
    for entry in classes:
        if entry.name == "__MACOSX":
            raise UserError(f"{where}/{entry.name}: left by macOS: delete it")
        if not entry.is_dir():
            raise UserError(f"{where}/{entry.name}: not a folder: only class folders belong here")
        files = _list_entries(entry, f"{where}/{entry.name}")
        if not files:
            raise UserError(f"{where}/{entry.name}: no images in this class folder")
        for file in files:
            inside = f"{entry.name}/{file.name}"
            if not file.is_dir():
                images.append(_make_image(file, entry.name, f"{split}/{inside}", where))
                continue
            for deeper in _list_entries(file, f"{where}/{inside}"):
                path = f"{split}/{inside}/{deeper.name}"
                images.append(_make_image(deeper, entry.name, path, where, file.name))
    return images


def _make_image(file: Traversable, label: str, path: str, where: str, group: str = "") -> ImageFile:
    if file.is_dir():
        raise UserError(f"{where}/{path.partition('/')[2]}: a folder too deep")
    on_disk = file if isinstance(file, Path) else None
    return ImageFile(path, label, partial(read_image_file, file, path), on_disk, group)


def _list_hidden(parent: Traversable) -> list[str]:
    """The names of hidden folders, which may be meant as classes."""
    entries = (entry for entry in parent.iterdir() if entry.name.startswith("."))
    return sorted(entry.name for entry in entries if entry.is_dir())


def _list_entries(parent: Traversable, where: str) -> list[Traversable]:
    try:
        entries = [entry for entry in parent.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{where}: cannot be read: {error.strerror}") from error
    for entry in entries:
        if not entry.name.isprintable() and "\udc80" <= max(entry.name) <= "\udcff":
            raise UserError(f"{where}/{entry.name!r}: the name is not valid UTF-8: rename it")
    return sorted(entries, key=lambda entry: entry.name)

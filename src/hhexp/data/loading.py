"""From a reader's files to a data set that can be trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hhexp.data.bad import BadFilesError
from hhexp.data.dataset import SPLITS, TEST, Dataset, FileEntry, Files, Split
from hhexp.data.decoded import open_decoded
from hhexp.data.manifest import compute_fingerprint, make_manifest
from hhexp.errors import UserError


def load(
    name: str,
    files: Files,
    image_size: int | None,
    *,
    skip_bad: bool = False,
    verify: bool = False,
    keep: bool = True,
) -> Dataset:
    """Take stock of a reader's files and decode them, or open what the cache has decoded.

    Args:
        name: the data set's name, for messages and the store.
        files: what a reader returned, in any order.
        image_size: side in pixels of the square that images are resized to; None leaves them.
        skip_bad: leaves out files that cannot be read or decoded.
        verify: reads all files again, also those that have not changed since they were hashed.
        keep: keeps what is decoded in the cache; else each image is decoded when it is asked for.

    Raises:
        UserError: the files do not form a data set, cannot be read or decoded, differ in size, or
            the cache cannot be written.
    """
    skipped: dict[str, str] = {}
    try:
        while True:
            try:
                dataset = _load(name, files, image_size, verify, keep)
                return replace(dataset, skipped=tuple(skipped.values()))
            except BadFilesError as error:
                if not skip_bad:
                    raise
                skipped |= error.bad
                files = {
                    split: [image for image in images if image.path not in error.bad]
                    for split, images in files.items()
                }
    except UserError as error:
        raise UserError(f"data {name}: {error}") from error


def _load(name: str, files: Files, image_size: int | None, verify: bool, keep: bool) -> Dataset:
    classes = _find_classes(files)
    files = {split: sorted(files[split], key=lambda image: image.path) for split in files}
    seen = _open_part({s: files[s] for s in SPLITS}, classes, image_size, verify, keep)
    train, validation = seen.splits.values()
    if TEST not in files:
        return Dataset(name, classes, train, validation, seen.fingerprint, seen.manifest)
    unseen = _open_part({TEST: files[TEST]}, classes, image_size, verify, keep)
    test = unseen.splits[TEST]
    if test.images.shape[1:] != train.images.shape[1:]:
        raise UserError(
            f"images have different sizes, such as {train.paths[0]} and {test.paths[0]}: "
            "choose one size for all, such as data.image_size=150"
        )
    return Dataset(
        *(name, classes, train, validation, seen.fingerprint, seen.manifest),
        *(test, unseen.fingerprint, unseen.manifest),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Splits that have a fingerprint and a folder in the cache together."""

    splits: dict[str, Split]
    fingerprint: str
    manifest: tuple[FileEntry, ...]


def _open_part(
    files: Files, classes: Sequence[str], image_size: int | None, verify: bool, keep: bool
) -> _Part:
    manifest = make_manifest(files, verify=verify)
    fingerprint = compute_fingerprint(manifest)
    images = open_decoded(files, fingerprint, image_size, keep=keep)
    index = {label: number for number, label in enumerate(classes)}
    splits = {
        split: Split(
            images[split].images,
            np.array([index[image.label] for image in files[split]], dtype=np.int64),
            tuple(image.path for image in files[split]),
            images[split].facts,
        )
        for split in files
    }
    return _Part(splits, fingerprint, manifest)


def _find_classes(files: Files) -> tuple[str, ...]:
    """The sorted classes of files that all splits share; UserError if they do not match."""
    if set(files) - {TEST} != set(SPLITS):
        raise UserError(f"the reader returns {sorted(files)}, not train and validation")
    seen: set[str] = set()
    for split, images in files.items():
        for image in images:
            if not image.path.startswith(f"{split}/") or image.path in seen:
                raise UserError(
                    f"the reader returns {image.path} in {split}: each path must start with "
                    f"{split}/ and occur only once"
                )
            seen.add(image.path)
    labels = {split: {image.label for image in images} for split, images in files.items()}
    train = labels["train"]
    for split, others in labels.items():
        for having, lacking, missing in (
            ("train", split, train - others),
            (split, "train", others - train),
        ):
            if missing:
                raise UserError(
                    f"{having} has the class {min(missing)!r}, but {lacking} does not: "
                    "both must have the same classes"
                )
    if len(train) < 2:
        named = f"only one class, {min(train)!r}" if train else "no images"
        raise UserError(f"{named}: at least two classes are needed")
    return tuple(sorted(train))

"""From a reader's files to a data set that can be trained on."""

import numpy as np

from hhexp.data.dataset import SPLITS, Dataset, Files, Split
from hhexp.data.decode import open_decoded
from hhexp.data.manifest import compute_fingerprint, make_manifest
from hhexp.errors import UserError


def load(name: str, files: Files, image_size: int | None) -> Dataset:
    """Take stock of a reader's files and decode them, or open what the cache has decoded.

    Args:
        name: the data set's name, for messages and the store.
        files: what a reader returned, in any order.
        image_size: side in pixels of the square that images are resized to; None leaves them.

    Raises:
        UserError: the files do not form a data set, cannot be read or decoded, differ in size, or
            the cache cannot be written.
    """
    try:
        classes = _find_classes(files)
        files = {split: sorted(files[split], key=lambda image: image.path) for split in SPLITS}
        entries = make_manifest(files)
        mark = compute_fingerprint(entries)
        images = open_decoded(files, mark, image_size)
    except UserError as error:
        raise UserError(f"data {name}: {error}") from error
    index = {label: number for number, label in enumerate(classes)}
    splits = {
        split: Split(
            images[split],
            np.array([index[image.label] for image in files[split]], dtype=np.int64),
            tuple(image.path for image in files[split]),
        )
        for split in SPLITS
    }
    return Dataset(name, classes, splits["train"], splits["validation"], mark, entries)


def _find_classes(files: Files) -> tuple[str, ...]:
    """The sorted classes of files that two splits share; UserError if they do not match."""
    if set(files) != set(SPLITS):
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
    train, validation = ({image.label for image in files[split]} for split in SPLITS)
    for having, lacking, missing in (
        ("train", "validation", train - validation),
        ("validation", "train", validation - train),
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

"""Splits cut from a reader's files: by draws that depend on a seed and the files' names alone.

A file that comes into another split has another path, so that the data set's fingerprint says how
it was cut.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hhexp.config.schema import Data
from hhexp.data.dataset import TEST, Files, ImageFile
from hhexp.errors import UserError


class NoValidationError(UserError):
    """There are no validation images, and none are to be cut from the others."""


def cut_splits(files: Files, data: Data) -> Files:
    """A reader's files in the splits that a configuration asks for, stratified by class.

    First the test images are cut off, then the validation images, or the fold that validates.

    Raises:
        UserError: a split that is to be cut is there already, one is missing, or a class has too
            few images or groups.
    """
    _check_folders(files, data)
    splits = dict(files)
    whole = "validation" if "validation" in splits else "train"
    cut = 0.0  # of all images
    if data.test_share is not None:
        if TEST in splits:
            raise UserError(f"data.test_share={data.test_share}: there is a test split already")
        cut = data.test_share if whole == "train" else 0
        rest, test = deal(splits[whole], [1 - data.test_share, data.test_share], data)
        splits |= {whole: rest, TEST: test}
    if data.validation_share is not None:
        if "validation" in splits:
            raise UserError(
                f"data.validation_share={data.validation_share}: there is a validation split, "
                "from which data.test_share can cut a test split"
            )
        share = data.validation_share / (1 - cut)
        train, validation = deal(splits["train"], [1 - share, share], data)
        splits |= {"train": train, "validation": validation}
    if data.folds is not None:
        pool = _name_apart([*splits["train"], *splits.get("validation", [])])
        parts = deal(pool, [1 / data.folds] * data.folds, data)
        validation = parts.pop(data.fold)
        splits |= {"train": [image for part in parts for image in part], "validation": validation}
    if "validation" not in splits:
        raise NoValidationError(
            "no validation images: add a folder validation/ beside train/, with the same classes; "
            "or cut them from the other images, such as with data.validation_share=0.2"
        )
    return {name: [_put(image, name) for image in images] for name, images in splits.items()}


def deal(images: Sequence[ImageFile], shares: Sequence[float], data: Data) -> list[list[ImageFile]]:
    """Deal images into parts of these shares, of each class as exactly as its groups allow.

    Groups are dealt one by one, the large ones first, in an order drawn from the seed: each to
    the part that is furthest from its share, over the classes that the group has.

    Raises:
        UserError: a class has too few images or groups for a part.
    """
    groups = defaultdict(list)
    for image in images:
        groups[name_group(image, data.group_by)].append(image)
    of_class = Counter(image.label for image in images)
    parts: list[list[ImageFile]] = [[] for _ in shares]
    dealt: list[Counter[str]] = [Counter() for _ in shares]

    def measure_excess(part: int, labels: Counter[str]) -> float:
        """What these labels add to the squared distance of a part from its share."""
        return sum(
            count * (2 * (dealt[part][label] - shares[part] * of_class[label]) + count)
            / of_class[label]
            for label, count in labels.items()
        )  # fmt: skip

    for name in sorted(groups, key=lambda name: (-len(groups[name]), _draw(data.split_seed, name))):
        labels = Counter(image.label for image in groups[name])
        chosen = min(range(len(shares)), key=lambda part: measure_excess(part, labels))
        parts[chosen] += groups[name]
        dealt[chosen] += labels
    for label, count in of_class.items():
        if not all(part[label] for part in dealt):
            number = sum(any(image.label == label for image in group) for group in groups.values())
            raise UserError(
                f"the class {label!r} has too few images to cut {len(shares)} parts from them: "
                f"{count}" + (f", in {number} groups" if data.group_by else "")
            )
    return parts


def name_group(image: ImageFile, group_by: str | None) -> str:
    """The name of the group that an image belongs to; its own path if it belongs to none.

    Raises:
        UserError: the regular expression finds nothing in its path.
    """
    if group_by is None:
        return image.path
    if group_by == "folder":
        return image.group or image.path
    path = image.path.partition("/")[2]
    found = re.search(group_by, path)
    if found is None:
        raise UserError(f"data.group_by={group_by}: finds nothing in {path}")
    return "/".join(part or "" for part in found.groups()) or found[0]


def _check_folders(files: Files, data: Data) -> None:
    """Only who asks for groups by folder has folders inside of class folders."""
    for image in _all_of(files):
        if image.group and data.group_by != "folder":
            raise UserError(
                f"{image.path.rpartition('/')[0]}: a folder too deep: images must lie in the class "
                "folder itself; or, if those of a folder belong together, set data.group_by=folder"
            )


def _all_of(files: Files) -> Iterable[ImageFile]:
    return (image for images in files.values() for image in images)


def _draw(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()


def _name_apart(images: Sequence[ImageFile]) -> list[ImageFile]:
    """Images of two splits, where those of one name are called after the split they come from."""
    names = Counter(image.path.partition("/")[2] for image in images)
    apart = []
    for image in images:
        split, _, name = image.path.partition("/")
        folder, _, file = name.rpartition("/")
        if names[name] > 1:
            path = f"{split}/{folder}/{split}-{file}"
            image = replace(image, path=path, origin=image.place)
        apart.append(image)
    return apart


def _put(image: ImageFile, split: str) -> ImageFile:
    """An image with the path that it has in a split."""
    before, _, name = image.path.partition("/")
    if before == split:
        return image
    return replace(image, path=f"{split}/{name}", origin=image.place)

"""What may be wrong with a data set's images, found before training: counted, with files named."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hhexp.data.dataset import Dataset

VERSION = 1
"""Raise it when a check finds something else: what it found is kept."""
NAMED = 3
"""Files that a line names."""
NEAR_BITS = 6
"""Of 128: pictures whose perceptual hashes differ in no more look the same.

In Horses or Humans no two pictures of different splits or classes do. A picture of it and its copy
that is compressed (JPEG, quality 50), half as large or a fifth darker do in more than 99 %."""
FLAT = 2.0
"""A picture whose grey values have no larger standard deviation (of 0 … 255) has one colour."""
BLACK = 8.0
"""A picture whose mean grey is no larger (of 255) is nearly black."""
UNBALANCED = 3
"""How many times as many training images as the smallest class the largest may have."""
FEW = 10
"""A class with fewer images in a split has few."""
SMALL = 0.5
"""A picture whose shorter side is below this share of ``image_size`` is enlarged too much."""
CROWD = 2000
"""Pictures with one part of the hash in common: of more, near ones are not looked for."""


@dataclass(frozen=True)
class Finding:
    """Something that may be wrong."""

    text: str
    """What it is, with the number of cases in parentheses."""
    files: tuple[str, ...]
    """The cases: the path of a picture, or of several with `` = ``; or a class."""

    def __str__(self) -> str:
        """In one line, with the first cases."""
        named = "; ".join(self.files[:NAMED])
        return f"{self.text}: {named}" + ("; …" if len(self.files) > NAMED else "")


def check_images(dataset: Dataset, image_size: int | None) -> list[Finding]:
    """Check a data set that was just decoded.

    Args:
        dataset: with its facts.
        image_size: to which its images were resized, in pixels; None for their own size.
    """
    images = _Images.collect(dataset)
    flat = images.facts["deviation"] <= FLAT
    black = (images.facts["mean"] <= BLACK) & ~flat
    side = np.minimum(images.facts["width"], images.facts["height"])
    small = side < SMALL * (image_size or 0)
    same = _find_same(images)
    near = _find_near(images, np.flatnonzero(~flat))
    return [
        *_tell_pairs("the same picture", same, images),
        *_tell_pairs("pictures that look the same", near, images),
        *_check_classes(dataset.counts),
        *_tell("pictures of one colour", np.flatnonzero(flat), images),
        *_tell("nearly black pictures", np.flatnonzero(black), images),
        *_tell(f"pictures far smaller than {image_size} pixels", np.flatnonzero(small), images),
    ]


@dataclass(frozen=True)
class _Images:
    """The images of all splits, one after the other."""

    facts: np.ndarray
    splits: np.ndarray
    labels: np.ndarray
    paths: Sequence[str]

    @classmethod
    def collect(cls, dataset: Dataset) -> "_Images":
        splits = list(dataset.splits.values())
        return cls(
            np.concatenate([each.facts for each in splits]),
            np.repeat(np.arange(len(splits)), [len(each.paths) for each in splits]),
            np.concatenate([each.labels for each in splits]),
            [path for each in splits for path in each.paths],
        )

    def differ(self, group: Sequence[int], by: np.ndarray) -> bool:
        return len(set(by[list(group)].tolist())) > 1


def _find_same(images: _Images) -> list[Sequence[int]]:
    """The groups of pictures with the same pixels."""
    groups = defaultdict(list)
    for index, sha256 in enumerate(images.facts["sha256"].tolist()):
        groups[sha256].append(index)
    return [group for group in groups.values() if len(group) > 1]


def _find_near(images: _Images, candidates: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of pictures, not the same, of two splits or labels, whose hashes are near.

    Two hashes that differ in at most ``NEAR_BITS`` bits have one of ``NEAR_BITS + 1`` parts of 16
    bits in common.
    """
    hashes, sha256 = np.ascontiguousarray(images.facts["gradients"]), images.facts["sha256"]
    parts = hashes.view("<u2")
    pairs = set()
    for part in range(NEAR_BITS + 1):
        for bucket in _split_by(parts[candidates, part], candidates):
            differing = np.bitwise_count(hashes[bucket][:, None] ^ hashes[bucket][None])
            distances = differing.sum(axis=2)
            apart = images.splits[bucket][:, None] != images.splits[bucket][None]
            apart |= images.labels[bucket][:, None] != images.labels[bucket][None]
            for one, other in np.argwhere(np.triu((distances <= NEAR_BITS) & apart, 1)):
                first, second = int(bucket[one]), int(bucket[other])
                if sha256[first] != sha256[second]:
                    pairs.add((first, second))
    return sorted(pairs)


def _split_by(keys: np.ndarray, values: np.ndarray) -> Iterator[np.ndarray]:
    """The values of each key that has at least two, and no crowd."""
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order])) + 1
    for bucket in np.split(values[order], starts):
        if 1 < len(bucket) <= CROWD:
            yield bucket


def _tell_pairs(what: str, groups: Sequence[Sequence[int]], images: _Images) -> Iterator[Finding]:
    for where, by in (("in two splits", images.splits), ("under two labels", images.labels)):
        found = [group for group in groups if images.differ(group, by)]
        if found:
            files = tuple(" = ".join(images.paths[index] for index in group) for group in found)
            yield Finding(f"{what} {where} ({len(found):,})", files)


def _tell(what: str, chosen: np.ndarray, images: _Images) -> Iterator[Finding]:
    if len(chosen):
        yield Finding(f"{what} ({len(chosen):,})", tuple(images.paths[index] for index in chosen))


def _check_classes(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    train = counts["train"]
    most, least = max(train, key=lambda name: train[name]), min(train, key=lambda name: train[name])
    if train[most] > UNBALANCED * train[least]:
        times = f"{train[most] / train[least]:.1f} times as many training images as the smallest"
        shown = tuple(f"{name} {train[name]:,}" for name in (most, least))
        yield Finding(f"classes out of balance: the largest has {times}", shown)
    for split, by_class in counts.items():
        few = tuple(f"{name} {count:,}" for name, count in by_class.items() if count < FEW)
        if few:
            yield Finding(f"classes with fewer than {FEW} images in {split} ({len(few):,})", few)

"""What the checks of a data set have found, kept in the cache: near pairs take long to find."""

import contextlib
import hashlib
import json

from pydantic import TypeAdapter

from hhexp.atomic import replace_file
from hhexp.config.schema import Data
from hhexp.data.cache import cache_folder
from hhexp.data.checks import VERSION, Finding, check_images
from hhexp.data.dataset import Dataset
from hhexp.data.shares import find_uneven

KEPT = TypeAdapter(list[Finding])


def find_doubts(dataset: Dataset, data: Data) -> list[Finding]:
    """What may be wrong with a data set: with its images, and with how they were split.

    Args:
        dataset: with its facts.
        data: how it was resized and split.
    """
    return [*_find_in_images(dataset, data.image_size), *find_uneven(dataset, data)]


def _find_in_images(dataset: Dataset, image_size: int | None) -> list[Finding]:
    """``check_images`` of a data set, or what it found before in the same images."""
    file = cache_folder() / "checks" / f"{_name(dataset, image_size)}.json"
    with contextlib.suppress(OSError, ValueError):
        return KEPT.validate_json(file.read_bytes())
    found = check_images(dataset, image_size)
    with contextlib.suppress(OSError):  # a cache that may only be read
        file.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(file) as unfinished:
            unfinished.write_bytes(KEPT.dump_json(found))
    return found


def _name(dataset: Dataset, image_size: int | None) -> str:
    """A hash of all that the checks look at."""
    known = [VERSION, dataset.fingerprint, dataset.test_fingerprint, image_size, dataset.classes]
    name = hashlib.sha256(json.dumps(known).encode())
    for split in dataset.splits.values():
        name.update(split.facts.tobytes())
        name.update(split.labels.tobytes())
    return name.hexdigest()

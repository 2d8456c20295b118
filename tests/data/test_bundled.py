import hashlib
import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from hhexp.data import load
from hhexp.data.bundled import ARCHIVE, bundled
from hhexp.data.manifest import compute_fingerprint, make_manifest
from hhexp.errors import UserError

FILE = importlib.resources.files("hhexp.data") / ARCHIVE


def test_a_file_with_another_hash_is_refused() -> None:
    with pytest.raises(UserError, match=r"horses_or_humans\.zip: its SHA-256 is [0-9a-f]{64}, but"):
        bundled(sha256="0" * 64)


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hhexp.data.bundled.ARCHIVE", "gone.zip")
    with pytest.raises(UserError, match=r"gone\.zip: missing"):
        bundled(sha256="0" * 64)


def test_the_fingerprint_that_published_runs_have_stays() -> None:
    sha256 = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert compute_fingerprint(make_manifest(bundled(sha256=sha256))) == (
        "b8a9d2d68c2d6a034039b08a015fdef51e9898d7f5ead3c1acff2ea23c42064d"
    )


@pytest.mark.real
def test_the_package_carries_all_images_of_horses_or_humans(cache: Path) -> None:
    sha256 = hashlib.sha256(FILE.read_bytes()).hexdigest()
    dataset = load("horses_or_humans", bundled(sha256=sha256), 32)
    assert dataset.classes == ("horses", "humans")
    assert dataset.counts == {
        "train": {"horses": 500, "humans": 527},
        "validation": {"horses": 128, "humans": 128},
    }
    for split in (dataset.train, dataset.validation):
        for label, path in zip(split.labels, split.paths, strict=True):
            assert path.split("/")[1] == dataset.classes[label]
        # Nothing came out black, white or flat.
        assert np.all(split.images.std(axis=(1, 2, 3)) > 10)

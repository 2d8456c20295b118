"""A large data set is decoded step by step: what a killed process has left is kept."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hhexp
from hhexp.data import Dataset, load
from hhexp.data import decoded as module
from hhexp.data.folders import folder
from hhexp.data.unfinished import open_unfinished

KILLED = """
import os, signal, sys
from hhexp.data import decoded, load
from hhexp.data.folders import folder

decoded.os.cpu_count = lambda: 1
note, noted = decoded.note_facts, []

def note_and_die(*image):
    noted.append(image)
    if len(noted) > 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return note(*image)

decoded.note_facts = note_and_die
load("mine", folder(root=sys.argv[1]), 16, keep=sys.argv[2] == "keep")
"""


def load_and_count(
    images: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool = True
) -> tuple[Dataset, int]:
    """A data set, and how many images were decoded for it."""
    read, opened = module.read_picture, []

    def read_picture(content: bytes, name: str) -> object:
        opened.append(name)
        return read(content, name)

    monkeypatch.setattr(module, "read_picture", read_picture)
    dataset = load("mine", folder(root=str(images)), 16, keep=keep)
    monkeypatch.setattr(module, "read_picture", read)
    return dataset, len(opened)


def kill_in_the_middle(images: Path, keep: str = "keep") -> None:
    """Decode in a process that is killed at the fifth of ten images."""
    source = str(Path(hhexp.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(images), keep],
        env={**os.environ, "PYTHONPATH": source}, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_has_decoded_is_kept(
    images: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_in_the_middle(images)
    dataset, count = load_and_count(images, monkeypatch)
    assert count == 10 - 4
    monkeypatch.setenv("HHEXP_CACHE", str(cache.with_name("fresh")))
    fresh, count = load_and_count(images, monkeypatch)
    assert count == 10
    for name in ("train", "validation"):
        assert np.array_equal(dataset.splits[name].images, fresh.splits[name].images)
        assert np.array_equal(dataset.splits[name].facts, fresh.splits[name].facts)
    (place,) = (cache / "decoded").iterdir()
    assert {file.name for file in place.iterdir() if file.suffix in (".npy", ".npz")} == {
        "train.npy", "validation.npy", "facts.npz",
    }  # fmt: skip


def test_what_a_killed_process_has_left_is_checked(
    images: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_in_the_middle(images)
    (file,) = (cache / "decoded").glob("unfinished-*/new/train.npy")
    left = np.lib.format.open_memmap(file, "r+")
    left[1, 0, 0, 0] ^= 1
    left.flush()
    dataset, count = load_and_count(images, monkeypatch)
    assert count == 10 - 4 + 1
    monkeypatch.setenv("HHEXP_CACHE", str(cache.with_name("fresh")))
    fresh, _ = load_and_count(images, monkeypatch)
    assert np.array_equal(dataset.train.images, fresh.train.images)


def test_without_a_cache_of_pixels_too_nothing_is_decoded_twice_to_be_checked(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_in_the_middle(images, "none")
    assert load_and_count(images, monkeypatch, keep=False)[1] == 10 - 4
    assert load_and_count(images, monkeypatch, keep=False)[1] == 0


def test_a_folder_that_another_process_builds_is_left_to_it(cache: Path) -> None:
    cache.mkdir()
    with open_unfinished(cache / "place", resumes=True) as one:
        (one / "half").touch()
        with open_unfinished(cache / "place", resumes=True) as other:
            assert other != one
            assert not list(other.iterdir())
        assert (one / "half").exists()
    assert not list(cache.iterdir())


def test_after_ctrl_c_what_was_built_is_kept_and_after_an_error_not(cache: Path) -> None:
    cache.mkdir()
    for error, left in ((KeyboardInterrupt, 1), (OSError, 0)):
        with pytest.raises(error), open_unfinished(cache / "place", resumes=True):
            raise error
        assert len(list(cache.iterdir())) == left

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import platformdirs
import pytest

import hhexp
from hhexp.data import load
from hhexp.data.cache import cache_folder, open_or_build
from hhexp.data.checksums import MARK, seal
from hhexp.data.folders import folder
from hhexp.errors import UserError


def flip_last_byte(file: Path) -> None:
    """Change what a file holds, and not its size."""
    with file.open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        last = opened.read(1)[0]
        opened.seek(-1, os.SEEK_END)
        opened.write(bytes([last ^ 1]))


def arrays(cache: Path) -> list[Path]:
    return sorted((cache / "decoded").rglob("*.npy"))


def test_the_cache_is_the_variable_else_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("HHEXP_CACHE", "")
    assert cache_folder() == platformdirs.user_cache_path("hhexp")
    monkeypatch.delenv("HHEXP_CACHE")
    assert cache_folder() == platformdirs.user_cache_path("hhexp")


def test_images_are_decoded_once_and_shared(
    images: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load("one", folder(root=str(images)), None)
    monkeypatch.setattr("hhexp.data.decoded.read_picture", lambda *_: pytest.fail("decoded again"))
    again = load("another name", folder(root=str(images)), None)
    assert np.array_equal(first.train.images, again.train.images)
    assert len(arrays(cache)) == 2


def test_each_content_and_each_size_has_its_own_place(images: Path, cache: Path) -> None:
    load("mine", folder(root=str(images)), None)
    load("mine", folder(root=str(images)), 16)
    (images / "train/cats/cats2.png").unlink()
    assert len(load("mine", folder(root=str(images)), None).train.images) == 5
    assert len({array.parent for array in arrays(cache)}) == 3


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "count", "size", "dtype"])
def test_a_damaged_cache_is_rebuilt(images: Path, cache: Path, split: str, damage: str) -> None:
    good = np.array(getattr(load("mine", folder(root=str(images)), 16), split).images)
    file = next(array for array in arrays(cache) if array.stem == split)
    if damage == "missing":
        file.unlink()
    elif damage in ("cut", "empty"):
        os.truncate(file, file.stat().st_size - 100 if damage == "cut" else 0)
    else:
        wrong = {
            "count": good[1:],
            "size": good[:, 1:],
            "dtype": good.astype(np.int8),
        }[damage]
        np.save(file, wrong)
    again = getattr(load("mine", folder(root=str(images)), 16), split).images
    assert np.array_equal(again, good)
    assert len(list((cache / "decoded").iterdir())) == 1


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_flipped_byte_is_never_trained_on(
    images: Path, cache: Path, split: str, capfd: pytest.CaptureFixture[str]
) -> None:
    good = np.array(getattr(load("mine", folder(root=str(images)), 16), split).images)
    file = next(array for array in arrays(cache) if array.stem == split)
    flip_last_byte(file)
    again = getattr(load("mine", folder(root=str(images)), 16), split).images
    assert np.array_equal(again, good)
    (line,) = capfd.readouterr().err.splitlines()
    assert line == f"{file.parent}: {split}.npy has changed since it was made: it is built again"


def test_a_folder_of_an_earlier_version_is_built_again(
    images: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load("mine", folder(root=str(images)), 16)
    file = arrays(cache)[0]
    flip_last_byte(file)
    flipped = file.read_bytes()
    (file.parent / MARK).write_text("")
    load("mine", folder(root=str(images)), 16)
    assert file.read_bytes() != flipped
    assert "its checksums are missing: it is built again\n" in capfd.readouterr().err


def test_a_failed_build_leaves_nothing(cache: Path) -> None:
    def build(new: Path) -> None:
        (new / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_or_build(cache / "place", lambda _: None, build)
    assert list(cache.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_after_a_day(cache: Path) -> None:
    for name, days in (("unfinished-old", 2), ("unfinished-new", 0), ("finished", 2)):
        (cache / name / "new").mkdir(parents=True)
        (cache / name / MARK).touch()
        then = time.time() - days * 24 * 3600
        os.utime(cache / name, (then, then))
    open_or_build(cache / "place", lambda place: place if place.exists() else None, lambda _: None)
    assert {entry.name for entry in cache.iterdir()} == {"unfinished-new", "finished", "place"}


def test_what_hhexp_did_not_make_is_never_deleted(cache: Path) -> None:
    old = time.time() - 9 * 24 * 3600
    (cache / "unfinished-of-another-program").mkdir(parents=True)
    (cache / "elsewhere").mkdir()
    (cache / "elsewhere" / MARK).touch()
    (cache / "unfinished-link").symlink_to(cache / "elsewhere")
    for name in ("unfinished-of-another-program", "elsewhere"):
        os.utime(cache / name, (old, old))
    open_or_build(cache / "place", lambda place: place if place.exists() else None, lambda _: None)
    names = {entry.name for entry in cache.iterdir()}
    assert names == {"unfinished-of-another-program", "unfinished-link", "elsewhere", "place"}


def test_a_folder_that_hhexp_did_not_make_is_not_replaced(cache: Path) -> None:
    (cache / "place").mkdir(parents=True)
    (cache / "place/mine").touch()
    with pytest.raises(
        UserError, match=r"place: incomplete or damaged, and maybe not made by hhexp: delete it"
    ):
        open_or_build(cache / "place", lambda _: None, lambda new: (new / "mine").touch())
    assert [entry.name for entry in (cache / "place").iterdir()] == ["mine"]
    assert [entry.name for entry in cache.iterdir()] == ["place"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="macOS has none")
def test_a_full_disk_is_said(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device: set HHEXP"):
        load("mine", folder(root=str(images)), None)


def test_what_another_process_built_meanwhile_is_kept(cache: Path) -> None:
    def opened(place: Path) -> str | None:
        return (place / "by").read_text() if place.exists() else None

    def build(new: Path) -> None:
        (cache / "place").mkdir()
        (cache / "place/by").write_text("the other")
        seal(cache / "place")
        (new / "by").write_text("this one")

    assert open_or_build(cache / "place", opened, build) == "the other"
    assert [entry.name for entry in cache.iterdir()] == ["place"]


def test_a_cache_that_cannot_be_written_is_named(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HHEXP_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(UserError, match=r"file/cache.*cannot be written: .*set HHEXP_CACHE"):
        load("mine", folder(root=str(images)), None)


def test_processes_that_start_together_all_get_the_images(images: Path, cache: Path) -> None:
    program = (
        "import sys\n"
        "from hhexp.data import load\n"
        "from hhexp.data.folders import folder\n"
        "sys.stdin.readline()\n"
        "print(int(load('mine', folder(root=sys.argv[1]), None).train.images.sum()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(hhexp.__file__).parents[1])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(images)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    sums = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    expected = int(load("mine", folder(root=str(images)), None).train.images.sum())
    assert sums == {f"{expected}\n"}
    assert len(list((cache / "decoded").iterdir())) == 1

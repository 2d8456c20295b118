import functools
import hashlib
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hhexp.data import Files, load
from hhexp.data.folders import folder
from hhexp.data.manifest import compute_fingerprint, make_manifest
from hhexp.data.published import published
from hhexp.errors import UserError


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Site:
    """A server of two archives, of the same images as in ``images``."""

    folder: Path
    keys: dict[str, str]

    def read(self, root: Path | None = None, **changes: str) -> Files:
        return published(root=None if root is None else str(root), **{**self.keys, **changes})


@pytest.fixture
def site(images: Path, tmp_path: Path, network: None) -> Iterator[Site]:
    served = tmp_path / "served"
    handler = functools.partial(Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        keys = {"fingerprint": compute_fingerprint(make_manifest(folder(root=str(images))))}
        for split, name in (("train", "pets"), ("validation", "validation-pets")):
            archive = Path(shutil.make_archive(str(served / name), "zip", images / split))
            keys[f"{split}_url"] = f"http://127.0.0.1:{server.server_port}/{archive.name}"
            keys[f"{split}_sha256"] = hashlib.sha256(archive.read_bytes()).hexdigest()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Site(served, keys)
        server.shutdown()
        thread.join()


def paths(files: Files) -> list[str]:
    return [image.path for split in files.values() for image in split]


def test_archives_are_downloaded_unpacked_and_kept(site: Site, images: Path, cache: Path) -> None:
    expected = paths(folder(root=str(images)))
    assert paths(site.read()) == expected
    shutil.rmtree(site.folder)
    assert paths(site.read()) == expected
    kept = cache / "published" / site.keys["fingerprint"]
    assert sorted(entry.name for entry in kept.glob("[!.]*")) == ["train", "validation"]
    assert [entry.name for entry in (cache / "published").iterdir()] == [kept.name]


def test_a_kept_copy_that_lost_a_file_is_downloaded_again(site: Site, cache: Path) -> None:
    expected = paths(site.read())
    next(cache.rglob("cats1.png")).unlink()
    assert paths(site.read()) == expected


def test_class_folders_in_root_are_used(site: Site, images: Path, cache: Path) -> None:
    assert len(paths(site.read(images))) == 10
    assert not (cache / "published").exists()


def test_archives_in_root_are_used_as_they_are(site: Site, images: Path, cache: Path) -> None:
    files = site.read(site.folder)
    assert paths(files) == paths(folder(root=str(images)))
    assert not (cache / "published").exists()
    assert load("pets", files, None).fingerprint == site.keys["fingerprint"]


def test_root_goes_before_the_variable_and_the_variable_before_the_network(
    site: Site, images: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_DATA", str(images))
    assert len(paths(site.read())) == 10
    assert not (cache / "published").exists()
    with pytest.raises(UserError, match=r"data\.root="):
        site.read(tmp_path / "nowhere")


def test_a_variable_that_names_no_images_is_passed_over(
    site: Site, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_DATA", str(tmp_path / "nowhere"))
    assert len(paths(site.read())) == 10
    assert cache.exists()


def test_a_root_without_the_images_is_an_error_not_a_download(
    site: Site, tmp_path: Path, cache: Path
) -> None:
    for nothing in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UserError, match=r"data\.root=.*neither.*pets\.zip"):
            site.read(nothing)
    assert not (cache / "published").exists()


def test_other_images_in_root_are_refused(
    site: Site, images: Path, draw: Callable[..., Path]
) -> None:
    draw(images / "train/cats/another.png")
    with pytest.raises(UserError, match=r"images: not the published images: .*data=folder"):
        site.read(images)


def test_an_archive_in_root_with_another_hash_is_refused(site: Site) -> None:
    archive = site.folder / "pets.zip"
    archive.write_bytes(archive.read_bytes()[:-50])
    with pytest.raises(UserError, match=r"pets\.zip: its SHA-256 is .*: download it again"):
        site.read(site.folder)


def test_no_network_is_said_in_one_line_with_what_was_tried(site: Site, cache: Path) -> None:
    shutil.rmtree(site.folder)
    with pytest.raises(UserError) as caught:
        site.read()
    message = str(caught.value)
    assert "\n" not in message
    for part in ("$HHEXP_DATA (not set)", str(cache), "validation-pets.zip", "data.root", "404"):
        assert part in message
    assert list((cache / "published").iterdir()) == []


def test_archives_of_other_images_are_refused_and_not_kept(site: Site, cache: Path) -> None:
    with pytest.raises(UserError, match="the archives: not the published images"):
        site.read(fingerprint="0" * 64)
    assert list((cache / "published").iterdir()) == []

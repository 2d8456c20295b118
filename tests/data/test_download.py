import hashlib
import os
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hhexp.data.download import download, unpack
from hhexp.errors import UserError

CONTENT = bytes(range(256)) * 500
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; cuts the first ``cut`` transfers short; knows how often it was asked."""

    cut = 0
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/images.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path != "/images.zip":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        cut = self.server.asked <= self.server.cut
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if cut else CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(network: None) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_file_is_downloaded_with_a_progress_bar_on_stderr(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "train.zip"
    download(server.url, SHA256, file)
    assert file.read_bytes() == CONTENT
    printed = capsys.readouterr()
    assert "downloading images.zip" in printed.err
    assert printed.out == ""


def test_a_transfer_that_breaks_off_starts_again(server: Server, tmp_path: Path) -> None:
    server.cut = 1
    download(server.url, SHA256, tmp_path / "train.zip")
    assert (tmp_path / "train.zip").read_bytes() == CONTENT
    assert server.asked == 2


def test_a_transfer_that_breaks_off_every_time_is_said_and_leaves_nothing(
    server: Server, tmp_path: Path
) -> None:
    server.cut = 99
    with pytest.raises(UserError, match=r"images\.zip: the download was interrupted"):
        download(server.url, SHA256, tmp_path / "train.zip")
    assert server.asked == 3
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_hash_is_said_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"images\.zip: .*{'0' * 64}.*{SHA256}"):
        download(server.url, "0" * 64, tmp_path / "train.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"other\.zip: the server answered 404 Not Found"):
        download(server.url.replace("images", "other"), SHA256, tmp_path / "train.zip")


def test_no_connection_is_said(server: Server, tmp_path: Path) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(UserError, match=r"images\.zip: no connection"):
        download(url, SHA256, tmp_path / "train.zip")


def zipped(file: Path, *names: str, mode: int = 0o644) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = mode << 16
            archive.writestr(entry, "../../outside")
    return file


def test_unpacking_writes_the_entries(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    unpack(zipped(tmp_path / "a.zip", "horses/a.png", "horses/b..png"), tmp_path / "in")
    assert (tmp_path / "in/horses/a.png").read_text() == "../../outside"
    assert (tmp_path / "in/horses/b..png").exists()


@pytest.mark.parametrize("name", ["../evil.png", "horses/../../evil.png", "/tmp/evil.png"])
def test_an_entry_that_would_escape_is_refused_before_anything_is_unpacked(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UserError, match=rf"a\.zip: refused: {name} would be outside the folder"):
        unpack(zipped(tmp_path / "a.zip", "horses/a.png", name), tmp_path / "in")
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["a.zip", "in"]


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive = zipped(tmp_path / "a.zip", "horses/a.png", mode=stat.S_IFLNK | 0o777)
    with pytest.raises(UserError, match=r"refused: horses/a\.png is a symbolic link"):
        unpack(archive, tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_what_is_no_zip_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("<html>")
    with pytest.raises(UserError, match=r"a\.zip: not a valid zip file"):
        unpack(tmp_path / "a.zip", tmp_path)


def test_a_server_that_says_it_sends_too_much_is_not_listened_to(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HHEXP_MAX_DOWNLOAD_MB", "0")
    with pytest.raises(UserError, match=r"images\.zip: too large: 0\.128 MB; the limit is 0"):
        download(server.url, SHA256, tmp_path / "train.zip")
    assert server.asked == 1
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_say_how_much_it_sends_is_cut_off(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "send_header", lambda *_: None)
    monkeypatch.setenv("HHEXP_MAX_DOWNLOAD_MB", "0")
    with pytest.raises(UserError, match=r"too large: .* set HHEXP_MAX_DOWNLOAD_MB"):
        download(server.url, SHA256, tmp_path / "train.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ("HHEXP_MAX_FILES", r"a\.zip: too large: 2 files; the limit is 1: to raise it, set"),
        ("HHEXP_MAX_UNPACKED_MB", r"a\.zip, unpacked: too large: 2\.1 MB; the limit is 1"),
        ("HHEXP_MAX_RATIO", r"a\.zip, unpacked: too large: \S+ times its own size; the limit is 1"),
    ],
)
def test_an_archive_that_would_unpack_to_too_much_is_refused(
    variable: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("horses/a.png", bytes(2_000_000))
        archive.writestr("horses/b.png", bytes(100_000))
    monkeypatch.setenv("HHEXP_MAX_RATIO", "100000")
    monkeypatch.setenv(variable, "1")
    with pytest.raises(UserError, match=problem):
        unpack(tmp_path / "a.zip", tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "data", "encrypted", "method"])
def test_a_damaged_archive_is_said(damage: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("horses/a.png", CONTENT[:256])
    content = bytearray((tmp_path / "a.zip").read_bytes())
    directory = content.index(b"PK\x01\x02")
    if damage == "cut":
        del content[-30:]
    elif damage == "data":
        content[60:200] = os.urandom(140)
    elif damage == "encrypted":
        content[6] = content[directory + 8] = 1
    else:
        content[8] = content[directory + 10] = 77
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.zip: not a valid zip file"):
        unpack(tmp_path / "a.zip", tmp_path / "in")

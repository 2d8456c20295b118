"""Artifacts come back as they are, and their paths stay in their folder."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from hhexp.errors import UserError
from hhexp.tracking.artifacts import download, read_text
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

ESCAPES = [
    "..",
    "../secret",
    "provenance/../../secret",
    "/etc/passwd",
    "\\\\server\\share",
    "..\\secret",
    "C:\\secret",
    "C:secret",
    "~/secret",
    "%2e%2e/secret",
    "..%2fsecret",
    "%252e%252e%252fsecret",
    "",
    ".",
]


@pytest.fixture
def run(store: Store) -> TrackedRun:
    run = TrackedRun.start(store, "e", "a run")
    run.log_text("a line\r\nandere Zeile ü\n", "provenance/deep/patch.txt")
    run.log_text("{}", "provenance/git.json")
    return run


def test_a_text_comes_back_with_its_line_ends(store: Store, run: TrackedRun) -> None:
    text = read_text(store, run.run_id, "provenance/deep/patch.txt")
    assert text == "a line\r\nandere Zeile ü\n"
    assert read_text(store, run.run_id, "provenance/none.txt") is None
    assert read_text(store, run.run_id, "none/none.txt") is None


def test_what_is_no_text_is_refused(store: Store, run: TrackedRun, tmp_path: Path) -> None:
    (tmp_path / "bytes.bin").write_bytes(b"\xff\xfe\x00")
    run.log_file(tmp_path / "bytes.bin")
    with pytest.raises(UserError, match=r"the artifact bytes\.bin is no UTF-8 text"):
        read_text(store, run.run_id, "bytes.bin")


def test_a_folder_is_copied_with_all_that_is_in_it(
    store: Store, run: TrackedRun, tmp_path: Path
) -> None:
    place = download(store, run.run_id, "provenance", tmp_path / "to")
    assert place == tmp_path / "to/provenance"
    found = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}
    assert found == {"deep/patch.txt", "git.json"}
    assert (place / "deep/patch.txt").read_bytes() == "a line\r\nandere Zeile ü\n".encode()
    assert [p.name for p in (tmp_path / "to").iterdir()] == ["provenance"]


def test_a_missing_artifact_is_named(store: Store, run: TrackedRun, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no artifact provenance/none"):
        download(store, run.run_id, "provenance/none", tmp_path)


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leads_out_is_refused(
    path: str, store: Store, run: TrackedRun, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="leads out of its folder"):
        read_text(store, run.run_id, path)
    with pytest.raises(UserError, match="leads out of its folder"):
        download(store, run.run_id, path, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_listing_that_leads_out_is_refused(tmp_path: Path) -> None:
    """A server may name its files as it likes."""

    def listing(run_id: str, folder: str | None) -> list[SimpleNamespace]:
        if folder is None:
            return [SimpleNamespace(path="provenance", is_dir=True)]
        return [
            SimpleNamespace(path="provenance/good.txt", is_dir=False),
            SimpleNamespace(path="provenance/../../bad.txt", is_dir=False),
        ]

    asked: list[str] = []
    client = SimpleNamespace(
        list_artifacts=listing, download_artifacts=lambda run_id, path, to: asked.append(path)
    )
    store = SimpleNamespace(client=lambda: client)
    with pytest.raises(UserError, match=r"bad\.txt': leads out"):
        download(store, "0" * 32, "provenance", tmp_path / "to")  # type: ignore[arg-type]
    assert asked == [] and not (tmp_path / "to").exists()


def test_a_link_that_leads_out_is_not_followed(
    store: Store, run: TrackedRun, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/provenance").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="leads out of"):
        download(store, run.run_id, "provenance/git.json", tmp_path / "to")
    assert list((tmp_path / "elsewhere").iterdir()) == []

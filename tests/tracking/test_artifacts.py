"""Artifacts come back as they are, and their paths stay in their folder."""

from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.tracking.artifacts import read_text
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
    with pytest.raises(UserError, match=r"the artifact bytes\.bin is not UTF-8 text"):
        read_text(store, run.run_id, "bytes.bin")


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leads_out_is_refused(path: str, store: Store, run: TrackedRun) -> None:
    with pytest.raises(UserError, match="leads outside its folder"):
        read_text(store, run.run_id, path)

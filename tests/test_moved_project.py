"""A project folder that was copied works where it is, and leaves the original alone."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def hash_files(folder: Path) -> dict[str, str]:
    """What is in a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_copy_predicts_reports_reproduces_and_goes_on(shell, tmp_path: Path) -> None:
    original, copy = shell, replace(shell, folder=tmp_path / "copy")
    assert original.train("epochs=1").returncode == 0
    (run,) = original.runs()
    before = hash_files(original.folder)
    shutil.copytree(original.folder, copy.folder)
    picture = next(original.pictures.rglob("*.png"))
    told = copy.call("predict", run.run_id, str(picture))
    assert (told.returncode, told.stderr.count("\n")) == (0, 1)
    assert told.stderr.startswith("the store has moved: ")
    for words in (["report", run.run_id, "--output", "page"], ["reproduce", run.run_id]):
        assert copy.call(*words).returncode == 0
    assert "single images cannot be compared" not in (copy.folder / "page/report.md").read_text()
    longer = copy.train("epochs=2")
    assert longer.returncode == 0
    assert f"continue: from the state of run {run.run_id[:8]} after epoch 1" in longer.stdout
    assert hash_files(original.folder) == before
    assert "hit: reuses the finished run" in copy.train("epochs=1", "explain=true").stdout

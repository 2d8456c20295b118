"""Git is run in a folder, and says what is wrong."""

import subprocess
from pathlib import Path

import pytest

from hhexp.provenance.git import run_git


def test_the_environment_names_no_other_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(tmp_path, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert run_git(tmp_path, "rev-parse", "--git-dir") == b".git\n"


def test_what_is_given_is_read(tmp_path: Path) -> None:
    assert run_git(tmp_path, "hash-object", "--stdin", stdin=b"hello\n").startswith(b"ce01362")


def test_a_failure_has_its_reason_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_git(tmp_path, "rev-parse")
    assert b"not a git repository" in caught.value.stderr
    assert run_git(tmp_path, "rev-parse", fine=(0, 128)) == b""


def test_git_does_not_keep_a_person_waiting(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_git(tmp_path, "-c", "alias.wait=!exec sleep 30", "wait", patience_s=1)

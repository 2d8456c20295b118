"""The repositories of a run's sources: their commits, and patches that git apply restores."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from hhexp.provenance import repository
from hhexp.provenance.repository import State, read_repositories


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a package, committed."""
    folder = tmp_path / "project"
    write(
        folder,
        {
            "src/hhexp/__init__.py": "",
            "src/hhexp/code.py": "a = 1\nb = 2\nc = 3\n",
            "gone.py": "to be deleted\n",
            "picture.bin": b"\0\1\2",
            "mixed ü.txt": "eins\r\nzwei\r\n",
            ".gitignore": "ignored.py\n.venv/\n",
        },
    )
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def ask(project: Path) -> tuple[State, str]:
    states, patches = read_repositories({"hhexp": {"hhexp": project / "src/hhexp/__init__.py"}})
    assert len(states) == 1
    return states[0], patches.get("changes.patch", "")


def test_a_clean_repository_has_no_patch(project: Path) -> None:
    state, patch = ask(project)
    assert state.commit == git(project, "rev-parse", "HEAD")
    assert (state.repository, state.branch, state.modules) == ("project", "main", ("hhexp",))
    assert (state.dirty, state.patch, state.left_out, state.note) == (False, None, (), "")
    assert patch == ""


def test_git_apply_restores_what_is_uncommitted(project: Path, tmp_path: Path) -> None:
    changes: dict[str, str | bytes] = {
        "src/hhexp/code.py": "a = 1\nb = 20\nc = 3\ndiff --git a/x b/x\n",
        "src/hhexp/new.py": "new = True",  # no newline at its end
        "src/hhexp/empty.py": "",
        "conf/mine.yaml": "lr: 1\n",
        "picture.bin": b"\0\3\4" * 100,
        "mixed ü.txt": "eins\r\nzwo\r\n",
        "staged.md": "staged\n",
    }
    write(project, changes)
    (project / "gone.py").unlink()
    git(project, "add", "staged.md")
    for setting in ("diff.noprefix", "diff.mnemonicPrefix", "color.ui=always"):
        git(
            project, "config", *setting.partition("=")[::2] if "=" in setting else (setting, "true")
        )
    state, patch = ask(project)
    assert state.dirty and state.patch == "changes.patch" and state.left_out == ()

    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(project), str(other))
    (tmp_path / "p.patch").write_bytes(patch.encode())
    git(other, "apply", str(tmp_path / "p.patch"))
    for name, content in changes.items():
        wanted = content.encode() if isinstance(content, str) else content
        assert (other / name).read_bytes() == wanted, name
    assert not (other / "gone.py").exists()


def test_only_sources_that_git_does_not_ignore_are_read(project: Path) -> None:
    write(
        project,
        {
            "ignored.py": "secret",
            ".env": "secret",
            "key.pem": "secret",
            "notes.txt": "secret",
            "data/photo.jpg": b"secret",
        },
    )
    (project / "link.py").symlink_to(project / ".env")
    state, patch = ask(project)
    assert "secret" not in patch
    assert state.left_out == ("link.py: no plain file",)


def test_what_hhexp_writes_into_a_study_is_no_change(project: Path) -> None:
    written = ("experiments/mine/report/report.md", "experiments/mine/runs/shared/a.yaml")
    write(project, dict.fromkeys(written, "before\n"))
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "a study")
    write(project, {**dict.fromkeys(written, "after\n"), "experiments/mine/runs/b.yaml": "new"})
    state, patch = ask(project)
    assert (state.dirty, state.left_out, patch) == (False, (), "")
    write(project, {"experiments/mine/study.yaml": "title: another\n"})
    state, patch = ask(project)
    assert state.dirty and "experiments/mine/study.yaml" in patch and "report.md" not in patch


def test_a_patch_is_cut_between_files_and_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(repository, "CAP", 2000)
    write(
        project, {"src/hhexp/code.py": "a = 5\n", "big.py": "x = 1\n" * 300, "huge.py": "x" * 2001}
    )
    write(project, {"zlast.py": "z = 1\n", "latin.py": b"# \xe9\n"})
    state, patch = ask(project)
    assert state.left_out == (
        "huge.py: too large",
        "big.py: the patch would have more than 2,000 bytes",
        "latin.py: not UTF-8",
    )
    assert state.dirty and len(patch.encode()) <= 2000
    git(project, "stash", "-q", "-u")
    (tmp_path / "p.patch").write_bytes(patch.encode())
    git(project, "apply", str(tmp_path / "p.patch"))
    assert (project / "src/hhexp/code.py").read_text() == "a = 5\n"
    assert (project / "zlast.py").read_text() == "z = 1\n"


def test_the_current_folder_does_not_count(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere", {"hhexp/__init__.py": ""})
    monkeypatch.chdir(project)
    monkeypatch.setenv("GIT_DIR", str(project / ".git"))
    (state,), patches = read_repositories(
        {"hhexp": {"a": tmp_path / "elsewhere/hhexp/__init__.py"}}
    )
    assert (state.repository, state.commit, state.note) == (None, None, "in no git repository")
    assert patches == {}


@pytest.mark.parametrize("environment", [".venv", "venv"])  # ignored, or only untracked
def test_an_installed_package_is_not_in_the_repository_around_it(
    project: Path, environment: str
) -> None:
    installed = project / environment / "lib/hhexp/__init__.py"
    write(project, {str(installed.relative_to(project)): ""})
    (state,), patches = read_repositories({"hhexp": {"a": installed}})
    assert state.repository is None and patches == {}
    assert state.note == "in no git repository that tracks it"


def test_a_module_of_ones_own_counts_with_its_repository(project: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    write(own, {"mine.py": "x = 1\n"})
    git(own, "init", "-q")
    write(project, {"beside.py": "y = 1\n"})
    files = {
        "hhexp": {"a": project / "src/hhexp/__init__.py"},
        "mine": {"mine.py": own / "mine.py"},
        "beside": {"beside.py": project / "beside.py"},
    }
    (first, second), patches = read_repositories(files)
    assert first.modules == ("hhexp", "beside")
    assert (second.modules, second.commit, second.note) == (("mine",), None, "it has no commit yet")

    git(own, "commit", "-q", "--allow-empty", "-m", "first")
    (_, second), patches = read_repositories(files)
    assert second.commit and second.patch == "changes-2.patch"
    assert "+x = 1" in patches["changes-2.patch"] and "+y = 1" in patches["changes.patch"]


def test_a_detached_head_has_no_branch(project: Path) -> None:
    git(project, "checkout", "-q", "--detach")
    state, _ = ask(project)
    assert state.branch is None and state.commit


def test_a_machine_without_git_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    state, patch = ask(project)
    assert state.note == "git is not installed" and state.commit is None and patch == ""

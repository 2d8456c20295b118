"""The recorded code is shown whole before it runs, and is what was recorded."""

import io
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

import hhexp
from hhexp.errors import UserError
from hhexp.reproduction import worktree
from hhexp.reproduction.elsewhere import Elsewhere
from hhexp.reproduction.record import Record
from hhexp.tracking.store import Store

REPRODUCE = """\
import importlib.util, pathlib, sys
import change
folder, (run,) = pathlib.Path(sys.argv[-1]), pathlib.Path(sys.argv[3]).glob("*/runs/*")
assert sys.argv[1:3] == [run.name, "--published"] and (run / "config.yaml").is_file()
(folder / "ran").write_bytes(pathlib.Path(change.__file__).read_bytes())
sys.exit(3 if importlib.util.find_spec("own") else 4)
"""
"""In place of hhexp's; writes the changed file into the folder that its last word names."""

Make = Callable[..., Record]

CHANGE = "# one line\r\nvalue = 1\r\n"


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A commit of a small repository that stands for hhexp's."""
    package = tmp_path / "repository" / "src" / "hhexp"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "reproduce.py").write_text(REPRODUCE)
    (package.parent / "change.py").write_bytes(CHANGE.encode())
    monkeypatch.setattr(hhexp, "__file__", str(package / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first")
    return git("rev-parse", "HEAD").decode().strip()


def git(*words: str) -> bytes:
    folder = Path("repository")
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture
def trained(make_record: Make) -> Make:
    """A run of a commit with an uncommitted change."""

    def make(commit: str, patch: str = "", modules: Sequence[str] = ()) -> Record:
        return make_record(
            config={"epochs": 1, "modules": list(modules)},
            git={"modules": ["hhexp"], "commit": commit, "patch": "changes.patch"},
            files={"changes.patch": patch},
        )

    return make


def shown(action: Callable[[Console], object], width: int = 40) -> str:
    """What an action prints on a narrow terminal."""
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, force_terminal=False)
    action(console)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def run(record: Record, word: str = "", consent: bool = True) -> int:
    """Run the recorded code with a last word; its exit status."""
    elsewhere = Elsewhere(Store("sqlite:///unused.db"), [word], {})
    console = Console(file=io.StringIO())
    return worktree.run([record], elsewhere, console, consent=consent)


def test_nothing_in_a_change_can_hide_from_the_person(trained: Make) -> None:
    hidden = {
        "+os.system('evil')\x1b[1A\x1b[2K": "+os.system('evil')\\x1b[1A\\x1b[2K",
        "+one\r+two": "+one\\r+two",
        "+one\x9b2K\x08": "+one\\x9b2K\\x08",
        "+\u202eesrever": "+\\u202eesrever",
        "+" + 200 * " " + "os.system('evil')": 200 * " " + "os.system('evil')",
        "+[red]x[/red]": "+[red]x[/red]",
        "+é\tü": "+é",
    }
    record = trained("abc", "".join(f"{line}\n" for line in hidden))
    said = shown(lambda console: worktree.show([record], console))
    for line in hidden.values():
        assert line in said
    assert not set(said) & set("\x1b\r\x9b\x08\u202e")


def test_a_long_change_is_shown_to_its_end(trained: Make) -> None:
    record = trained("abc", "".join(f"+line {n}\n" for n in range(1000)))
    said = shown(lambda console: worktree.show([record], console))
    assert "1000 lines" in said and said.rstrip().endswith("+line 999")


def test_own_modules_are_said_to_run_as_they_are_now(trained: Make) -> None:
    record = trained("abc", modules=["mine", "yours"])
    said = shown(lambda console: worktree.show([record], console))
    assert "as they are now, not as recorded: mine, yours" in said
    assert "modules" not in shown(lambda console: worktree.show([trained("abc")], console))


@pytest.mark.parametrize(
    ("git", "problem"),
    [
        (None, "no commit is on record"),
        ({"modules": []}, "no commit is on record"),
        ({"modules": [], "commit": "--help"}, "'--help' is not a commit"),
        (
            {"modules": [], "commit": "abc", "patch": "changes.patch"},
            "change, changes.patch, is not",
        ),
        (
            {"modules": [], "commit": "abc", "cut": True, "left_out": ["a: too large"]},
            "a: too large",
        ),
    ],
)
def test_code_that_is_not_on_record_is_said(make_record: Make, git: object, problem: str) -> None:
    with pytest.raises(UserError, match=r"^run 00000000: ") as error:
        worktree.show([make_record(git=git)], Console(file=io.StringIO()))
    assert problem in str(error.value)


def test_nothing_runs_without_consent(trained: Make, commit: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="agree with --run-recorded-code"):
        run(trained(commit), str(tmp_path), consent=False)
    assert not (tmp_path / "ran").exists()


def test_the_recorded_change_runs_with_its_line_ends_and_the_person_s_path(
    trained: Make, commit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = CHANGE.replace("1", "2").encode()
    file = Path("repository/src/change.py")
    file.write_bytes(changed)
    patch = git("diff", "--binary").decode()
    file.write_bytes(CHANGE.encode())
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "own.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    assert run(trained(commit, patch), str(tmp_path)) == 3
    assert (tmp_path / "ran").read_bytes() == changed
    assert git("worktree", "list").count(b"\n") == 1


@pytest.mark.parametrize(
    ("wrong", "patch", "reason"),
    [
        ("f" * 40, "", "commit ffffffffffff is not in the git repository of"),
        ("", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", r"does not apply to \w{12}: error: x: No"),
    ],
)
def test_code_that_cannot_be_had_is_named_and_leaves_nothing(
    trained: Make, commit: str, wrong: str, patch: str, reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        run(trained(wrong or commit, patch))
    assert git("worktree", "list").count(b"\n") == 1

"""Reproduce runs with the code that they were trained with, in a temporary git worktree."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

import hhexp
from hhexp.errors import UserError
from hhexp.provenance.git import run_git
from hhexp.reproduction import fragments
from hhexp.reproduction.escape import escape
from hhexp.reproduction.record import Record

CHECKOUT_S = 600
"""How long a checkout of the whole repository may take, in seconds."""


def show(records: Sequence[Record], console: Console) -> int:
    """Show the code that ``run`` would run, and run nothing; the exit status, 0.

    Raises:
        UserError: it is not on record.
    """
    for each in records:
        _show(each, *_read_code(each), console)
    return 0


def run(records: Sequence[Record], consent: bool, words: Sequence[str], console: Console) -> int:
    """Reproduce each run with its recorded commit and change.

    Args:
        records: the runs.
        consent: whether the person has already agreed to run code from the store.
        words: further words of the command line, passed on.
        console: where to show the code and to ask.

    Returns:
        the worst exit status.

    Raises:
        UserError: the code cannot be had here, or the person does not agree.
    """
    statuses = []
    for each in records:
        commit, patch = _read_code(each)
        _show(each, commit, patch, console)
        _ask_consent(consent, console)
        with _check_out(commit, patch) as folder:
            experiments = folder.parent / "experiments"
            # The recorded code may be too old to read the run from where it was found.
            fragments.write_folder(each, experiments / "recorded" / "runs")
            own = ["--published", str(experiments)]
            command = [sys.executable, "-m", "hhexp.reproduce", each.run_id, *own, *words]
            # The person's own modules may be on the path that is there.
            paths = filter(None, [str(folder / "src"), os.environ.get("PYTHONPATH")])
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
            statuses.append(subprocess.run(command, env=environment).returncode)
    return max(statuses)


def _read_code(record: Record) -> tuple[str, str]:
    """The commit and the uncommitted change that a run was trained with."""
    git, run = record.git, f"run {record.run_id[:8]}"
    if git is None or not git.commit:
        raise UserError(f"{run}: no commit is on record, so use --code current")
    if not all(letter in "0123456789abcdef" for letter in git.commit):
        raise UserError(f"{run}: {git.commit!r} is not a commit")
    if git.cut:
        reasons = escape(", ".join(git.left_out))
        raise UserError(f"{run}: its uncommitted change was not kept whole: {reasons}")
    if git.patch is None:
        return git.commit, ""
    if git.patch not in record.files:
        raise UserError(f"{run}: its uncommitted change, {escape(git.patch)}, is not on record")
    return git.commit, record.files[git.patch]


def _show(record: Record, commit: str, patch: str, console: Console) -> None:
    """Show the code of a run: its commit, every line of its change, and what is not part of it."""
    console.print(f"Run {record.run_id} was trained with commit {commit}", highlight=False)
    if patch:
        lines = patch.count("\n")
        console.print(f"and this uncommitted change, {lines} lines:", highlight=False)
        shown = Text(escape(patch))
        shown.highlight_regex(r"(?m)^\+.*", "green")
        shown.highlight_regex(r"(?m)^-.*", "red")
        console.print(shown)
    if own := record.config.get("modules"):
        names = escape(", ".join(map(str, own)))
        console.print(Text(f"Your own modules run as they are now, not as recorded: {names}"))


def _ask_consent(consent: bool, console: Console) -> None:
    """Have the person agree to run the code that was shown."""
    if consent:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "this would run code that comes from the store; look at it, and agree with "
            "--run-recorded-code"
        )
    if console.input("Run it here? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UserError("nothing was run")


@contextlib.contextmanager
def _check_out(commit: str, patch: str) -> Iterator[Path]:
    """A checkout of the commit with the change applied, removed at the end."""
    home = Path(hhexp.__file__).parent
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        folder = Path(temporary) / "code"
        checkout = ("worktree", "add", "--detach", str(folder), commit)
        try:
            run_git(home, *checkout, patience_s=CHECKOUT_S)
        except subprocess.CalledProcessError as error:
            raise UserError(
                f"commit {commit[:12]} is not in the git repository of {home}: fetch it, or clone "
                "the repository that it is in, and try again there"
            ) from error
        try:
            if patch:
                _apply(folder, commit, patch)
            yield folder
        finally:
            with contextlib.suppress(subprocess.SubprocessError):
                run_git(home, "worktree", "remove", "--force", str(folder))


def _apply(folder: Path, commit: str, patch: str) -> None:
    try:
        run_git(folder, "apply", "--whitespace=nowarn", "-", stdin=patch.encode())
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().splitlines()[0]
        raise UserError(f"the recorded change does not apply to {commit[:12]}: {reason}") from error

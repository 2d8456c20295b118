"""Reproduce runs with the code that they were trained with, in a temporary git worktree."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

import hhexp
from hhexp.errors import UserError
from hhexp.escape import escape
from hhexp.provenance.git import run_git
from hhexp.reproduction.consent import ask_consent
from hhexp.reproduction.elsewhere import Elsewhere
from hhexp.reproduction.record import Record
from hhexp.terminal import Terminal

CHECKOUT_S = 600
"""How long a checkout of the whole repository may take, in seconds."""


def show(records: Sequence[Record], console: Terminal) -> int:
    """Show the code that ``run`` would run, and run nothing; the exit status, 0.

    Raises:
        UserError: it is not on record.
    """
    for each in records:
        _show(each, *_read_code(each), console)
    return 0


def run(
    records: Sequence[Record], elsewhere: Elsewhere, console: Terminal, *, consent: bool
) -> int:
    """Reproduce each run with its recorded commit and change.

    Args:
        records: the runs.
        elsewhere: where they are trained.
        console: where to show the code and to ask.
        consent: whether the person has already agreed to run code from the store.

    Returns:
        the worst exit status.

    Raises:
        UserError: the code cannot be had here, or the person does not agree.
    """
    statuses = []
    for each in records:
        commit, patch = _read_code(each)
        _show(each, commit, patch, console)
        ask_consent("run code that comes from the store", consent, console)
        with _check_out(commit, patch) as folder:
            statuses.append(elsewhere.reproduce(each, folder / "src"))
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


def _show(record: Record, commit: str, patch: str, console: Terminal) -> None:
    """Show the code of a run: its commit, every line of its change, and what is not part of it."""
    console.print(f"Run {record.run_id} was trained with commit {commit}")
    if patch:
        lines = patch.count("\n")
        console.print(f"and this uncommitted change, {lines} lines:")
        shown = Text(escape(patch))
        shown.highlight_regex(r"(?m)^\+.*", "green")
        shown.highlight_regex(r"(?m)^-.*", "red")
        console.print(shown)
    if own := record.modules:
        names = escape(", ".join(own))
        console.print(Text(f"Your own modules run as they are now, not as recorded: {names}"))


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

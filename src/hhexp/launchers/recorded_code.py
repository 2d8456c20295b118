"""Reproduce runs with the code that they were trained with, in a temporary git worktree."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax

import hhexp
from hhexp.errors import UserError
from hhexp.experiment.recorded import Recorded

SHOWN_LINES = 200
"""Lines of a recorded change that are shown before asking."""


def run(recorded: Sequence[Recorded], consent: bool, words: Sequence[str], console: Console) -> int:
    """Reproduce each run with its recorded commit and change.

    Args:
        recorded: the runs.
        consent: whether the person has already agreed to run code from the store.
        words: further words of the command line, passed on.
        console: where to show the code and to ask.

    Returns:
        the worst exit status.

    Raises:
        UserError: the code cannot be had here, or the person does not agree.
    """
    statuses = []
    for each in recorded:
        commit, patch = _code_of(each)
        _agree(each, commit, patch, consent, console)
        with _worktree(commit, patch) as folder:
            command = [sys.executable, "-m", "hhexp.reproduce", each.run_id, *words]
            environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
            statuses.append(subprocess.run(command, env=environment).returncode)
    return max(statuses)


def _code_of(recorded: Recorded) -> tuple[str, str]:
    """The commit and the uncommitted change that a run was trained with."""
    git: dict[str, Any] = json.loads(recorded.files.get("git.json", "{}"))
    commit = git.get("commit")
    if not commit:
        raise UserError(f"run {recorded.run_id[:8]}: no commit is on record, so use --code current")
    if not all(letter in "0123456789abcdef" for letter in commit):
        raise UserError(f"run {recorded.run_id[:8]}: {commit!r} is no commit")
    if git.get("cut"):
        raise UserError(
            f"run {recorded.run_id[:8]}: its uncommitted change was not kept whole: "
            + ", ".join(git["left_out"])
        )
    return commit, recorded.files.get(git.get("patch") or "", "")


def _agree(recorded: Recorded, commit: str, patch: str, consent: bool, console: Console) -> None:
    """Show what code is about to run, and have the person agree to it."""
    console.print(f"Run {recorded.run_id} was trained with commit {commit}", highlight=False)
    if patch:
        lines = patch.splitlines()
        console.print(f"and this uncommitted change, {len(lines)} lines:", highlight=False)
        console.print(Syntax("\n".join(lines[:SHOWN_LINES]), "diff"))
        if len(lines) > SHOWN_LINES:
            console.print(f"… {len(lines) - SHOWN_LINES} more lines in provenance/changes.patch")
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
def _worktree(commit: str, patch: str) -> Iterator[Path]:
    """A checkout of the commit with the change applied, removed at the end."""
    home = Path(hhexp.__file__).parent
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        folder = Path(temporary) / "code"
        added = _git(home, "worktree", "add", "--detach", str(folder), commit)
        if added.returncode:
            raise UserError(
                f"commit {commit[:12]} is not in the git repository of {home}: fetch it, or clone "
                "the repository that it is in, and try again there"
            )
        try:
            if patch:
                applied = _git(folder, "apply", "--whitespace=nowarn", "-", patch=patch)
                if applied.returncode:
                    reason = applied.stderr.decode(errors="replace").strip().splitlines()[0]
                    raise UserError(
                        f"the recorded change does not apply to {commit[:12]}: {reason}"
                    )
            yield folder
        finally:
            _git(home, "worktree", "remove", "--force", str(folder))


def _git(folder: Path, *words: str, patch: str = "") -> "subprocess.CompletedProcess[bytes]":
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, input=patch.encode(), capture_output=True)

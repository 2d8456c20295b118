"""Git as a program, run in a folder."""

import os
import subprocess
from pathlib import Path

PATIENCE_S = 60
"""How long git may take, in seconds, where the caller does not say."""


def run_git(
    folder: Path,
    *words: str,
    stdin: bytes = b"",
    fine: tuple[int, ...] = (0,),
    patience_s: int = PATIENCE_S,
) -> bytes:
    """What git prints when it is run in a folder, whatever repository GIT_* variables name.

    Args:
        folder: where to run it.
        words: its command line.
        stdin: what it reads.
        fine: the exit statuses that are not failures.
        patience_s: how long it may take.

    Raises:
        subprocess.CalledProcessError: it failed; ``stderr`` has the reason, in English.
        subprocess.TimeoutExpired: it took too long.
        FileNotFoundError: it is not installed.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "core.quotepath=false", *words],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=patience_s,
        check=False,
        env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
    )
    if done.returncode not in fine:
        done.check_returncode()
    return done.stdout

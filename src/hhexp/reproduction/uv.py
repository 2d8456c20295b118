"""What uv does for a run's recorded packages: it finds Pythons, and makes environments.

It goes by the machine's own configuration, such as the address of the package index.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hhexp.errors import UserError

UNSOLVABLE = 1
"""uv's exit status where a package cannot be had; it has others where uv itself could not work."""


def find_python(version: str) -> tuple[str, str] | None:
    """A Python that is on this machine, of a version such as 3.12 or 3.12.4; and its version."""
    words = ("python", "find", "--system", "--no-project", "--no-python-downloads")
    done = _run_uv(*words, version)
    python = done.stdout.strip()
    if done.returncode or not python:
        return None
    told = "import platform; print(platform.python_version())"
    asked = subprocess.run([python, "-I", "-c", told], capture_output=True, text=True)
    return (python, asked.stdout.strip()) if asked.returncode == 0 else None


def find_missing(pins: Sequence[str], python: str) -> list[str]:
    """Those of the packages that cannot be installed for a Python; none is, and none is run.

    Raises:
        UserError: uv cannot find out, for example since the index does not answer.
    """
    # uv names the first alone, so that halves are tried until each is found.
    done = _run_uv(
        *("pip", "compile", "--no-deps", "--quiet", "--no-header", "--python", python, "-"),
        pins=pins,
    )
    if done.returncode == 0:
        return []
    if done.returncode != UNSOLVABLE:
        raise UserError(f"uv cannot look the recorded packages up: {_give_reason(done.stderr)}")
    if len(pins) == 1:
        return list(pins)
    half = len(pins) // 2
    return [*find_missing(pins[:half], python), *find_missing(pins[half:], python)]


def make_environment(folder: Path, python: str, pins: Sequence[str]) -> None:
    """Make a virtual environment in an empty folder, which may be moved, with these packages.

    Raises:
        UserError: uv could not do it.
    """
    made = _run_uv("venv", "--quiet", "--relocatable", "--no-project", "--python", python, folder)
    if made.returncode:
        raise UserError(f"uv cannot make an environment: {_give_reason(made.stderr)}")
    own = str(folder / "bin" / "python")
    install = ("pip", "install", "--quiet", "--no-deps", "--python", own, "--requirements", "-")
    done = _run_uv(*install, pins=pins)
    if done.returncode:
        raise UserError(f"uv cannot install the recorded packages: {_give_reason(done.stderr)}")


def _run_uv(*words: str | Path, pins: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command, text = [_find_uv(), *words], "\n".join(pins)
    return subprocess.run(command, input=text, capture_output=True, text=True)


def _find_uv() -> str:
    """The program, as ``pip install uv`` puts it beside Python, or as the system has it."""
    beside = Path(sys.executable).parent
    found = shutil.which("uv", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))
    if found is None:
        raise UserError("--packages recorded needs uv, which is not here: pip install uv")
    return found


def _give_reason(said: str) -> str:
    """What uv said of an error, in one line."""
    _, _, reason = said.partition("error: ")
    return " ".join((reason or said).split()) or "uv gave no reason"

"""``make setup`` shows one line of progress, and errors as pip gives them."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts/install.py"


def install(requirements: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, SCRIPT, requirements], capture_output=True, text=True, check=False
    )


def test_what_is_installed_is_not_listed(tmp_path: Path) -> None:
    from importlib.metadata import version

    (tmp_path / "lock").write_text(f"numpy=={version('numpy')}\n")
    done = install(tmp_path / "lock")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_error_is_shown_and_is_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("--no-index\nno-such-package==1.0\n")
    done = install(tmp_path / "lock")
    assert done.returncode == 1
    assert "No matching distribution found for no-such-package==1.0" in done.stderr

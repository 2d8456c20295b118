"""A forked command is as one that Python starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm import Forge, starts_alike

MODULE = """\
import os, pathlib, sys
print(__name__, sys.argv[1:], pathlib.Path.cwd(), os.environ["COLOUR"], "HOME" in os.environ)
print(input(), __spec__.name, pathlib.Path(sys.argv[0]).name, sys.path[0], "hhexp" in sys.modules)
print("é", file=sys.stderr)
sys.exit(3)
"""


def test_it_has_its_words_folder_variables_input_and_status(tmp_path: Path) -> None:
    (tmp_path / "said.py").write_text(MODULE)
    words, environment = ["said", "a b", "--c"], {"COLOUR": "red"}
    environment |= {k: v for k, v in os.environ.items() if k != "HOME"}
    assert starts_alike(environment)
    cold = subprocess.run(
        [sys.executable, "-m", *words],
        input="typed\n", cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    forge = Forge()
    try:
        warm = forge.run(words, tmp_path, environment, "typed\n", 60)
        again = forge.run(words, tmp_path, {**environment, "COLOUR": "blue"}, "typed\n", 60)
    finally:
        forge.end()
    assert (warm.returncode, warm.stdout, warm.stderr) == (3, cold.stdout, cold.stderr)
    assert again.stdout == cold.stdout.replace("red", "blue")


def test_it_is_killed_when_its_time_is_up(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(99)"
    )
    forge = Forge()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            forge.run(["sleeper"], tmp_path, os.environ, None, 1)
    finally:
        forge.end()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_python_reads_at_its_start_has_to_be_the_same() -> None:
    assert starts_alike(dict(os.environ))
    assert not starts_alike({**os.environ, "PYTHONUTF8": "1"})

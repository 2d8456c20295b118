"""docs/own-pictures.md: its commands run one after the other, and say what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hhexp

PAGE = Path(__file__).parents[1] / "docs/own-pictures.md"
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FIXED = ("hhexp.inspect",)
"""Commands whose output is the same at each time and place."""

pytestmark = pytest.mark.slow


def test_the_whole_way_from_pictures_to_a_report(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    (program,) = (text for kind, text in blocks if kind == "python")
    (tmp_path / "make_pictures.py").write_text(program)
    said, known = "", {}
    for (kind, text), (_, before) in zip(blocks[1:], blocks, strict=False):
        if kind == "sh":
            said = run(tmp_path, text, known)
            for name, found in (("SWEEP", "report"), ("RUN", "predict")):
                if match := re.search(rf"python -m hhexp\.{found} (\w+)", said):
                    known[f"{name}_ID"] = match[1]
        elif kind == "text" and any(command in before for command in FIXED):
            assert strip(said)[1:] == strip(text)[1:]  # the first line is a hash of all bytes
    for folder, words in (
        ("arrows", ("Test images", "right61.jpg")),
        ("arrows_folds", ("Nadeau and Bengio", "n = 1 × 3 folds")),
    ):
        page = (tmp_path / folder / "report.html").read_text("utf-8")
        assert all(word in page for word in words)


def run(folder: Path, commands: str, known: dict[str, str]) -> str:
    """What commands of the page print, in a folder that has a store and a cache of its own."""
    for name, value in known.items():
        commands = commands.replace(name, value)
    environment = {
        **os.environ, "PYTHONPATH": str(Path(hhexp.__file__).parents[1]), "COLUMNS": "100",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HHEXP_CACHE": str(folder / "cache"), "MLFLOW_TRACKING_URI": "",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    found = done.returncode == 1 and "hhexp.inspect" in commands and "same picture" in done.stdout
    assert done.returncode == 0 or found, done.stdout + done.stderr
    return done.stdout


def strip(text: str) -> list[str]:
    """The lines of a text without the blanks at their ends, and without empty lines."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]

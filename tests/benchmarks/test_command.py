"""The command line, and the whole of it on tiny images."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.command import main
from benchmarks.figures import FIGURES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "figures.txt"], "the file name must end with .json or .md"),
        (["--output", "nowhere/figures.md"], "the folder nowhere does not exist"),
        (["--data", "nowhere"], "nowhere"),
        (["--only", "stepp"], "--only stepp: no such figure; nearest: step"),
        (["--rounds", "0"], "--rounds 0: must be a whole number of at least 1"),
        (["--repeats", "none"], "--repeats none: must be a whole number of at least 1"),
    ],
)
def test_wrong_words_end_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1


@pytest.mark.slow
def test_every_figure_comes_out(draw_bmp: Callable[[int, int], Path], tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    words = ["--data", str(draw_bmp(96, 20)), "--rounds", "2", "--repeats", "1"]
    words += ["--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_text(encoding="utf-8"))
    assert [figure["name"] for figure in written["figures"]] == list(FIGURES)
    for figure in written["figures"]:
        count = 1 if figure["name"] in ("overhead", "memory") else 2
        assert len(figure["ratios"]) == count or "not measured" in figure["note"]
        assert figure["name"] in done.stdout
    by_name = {figure["name"]: figure for figure in written["figures"]}
    assert "extrapolated" in by_name["sweep"]["note"]
    assert by_name["sweep"]["ratio"] > 0
    assert 0 < by_name["overhead"]["ratio"] < 1

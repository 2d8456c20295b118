"""The benchmark's arithmetic, its table, and the whole of it on tiny images."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hhexp import bench
from hhexp.benchmark.figures import FIGURES, Figure
from hhexp.benchmark.pictures import source, written
from hhexp.benchmark.programs import Program, Run
from hhexp.benchmark.report import Conditions, as_json, markdown, notes, table

CONDITIONS = Conditions.here(command="bench", images="4 images", form="the short form", repeats=3)
SWEEP = Figure("sweep", "the sweep", "2 s", "6 s", (3.0, 2.5, 3.5), 2.8, note="extrapolated")
STEP = Figure("step", "a step", "5", "10", (0.5,), 0.75, percent=True, note="fp32")
BF16 = Figure("sweep-bf16", "the sweep", reach=7.0, note="not on this CPU")


def folder(root: Path, side: int, per_class: int) -> Path:
    """Class folders of grey images, as BMP."""
    for split in ("train", "validation"):
        for name in ("moons", "suns"):
            (root / split / name).mkdir(parents=True)
            for number in range(per_class):
                pixels = np.full((side, side, 3), 10 * number, np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{number}.bmp")
    return root


# Extrapolation


def test_a_program_with_its_own_epochs_and_images_takes_what_was_measured() -> None:
    program = Program(20.0, (Run("a", (5.0, 2.0, 4.0), 12.0),))
    assert program.whole_s(3, 1.0) == pytest.approx(20.0)


def test_more_epochs_and_images_leave_the_start_as_it_is() -> None:
    # 8 s to start, 1 s beside the training, 3 s an epoch and 2 s more in the first
    program = Program(20.0, (Run("a", (5.0, 2.0, 4.0), 12.0),))
    assert program.whole_s(10, 2.0) == pytest.approx(8 + 1 + 2 + 10 * 3 * 2)
    assert program.whole_s(10, 2.0, other_s=6.0) == pytest.approx(8 + 6 + 2 + 10 * 3 * 2)


def test_groups_that_train_at_once_take_as_long_as_the_longest() -> None:
    runs = (Run("a", (1.0, 1.0), 2.0), Run("a", (1.0, 1.0), 2.0), Run("b", (2.0, 2.0), 4.0))
    assert Program(9.0, runs).whole_s(10, 1.0) == pytest.approx(1 + 20 + 20)
    assert Program(5.0, runs).whole_s(10, 1.0, at_once=2) == pytest.approx(1 + 20)


# The table


def test_a_figure_is_reached_by_the_median_of_its_ratios() -> None:
    assert SWEEP.ratio == 3.0
    assert SWEEP.reached
    assert STEP.reached is False
    assert Figure("a", "a", ratios=(1.04,), reach=1.05, at_least=False).reached
    assert BF16.reached is None


def test_the_table_says_what_was_reached_and_what_was_not() -> None:
    rows = markdown([SWEEP, STEP, BF16], CONDITIONS).splitlines()
    assert "| sweep | the sweep | 2 s | 6 s | 3.00× | 2.50× – 3.50× | ≥ 2.80× | yes |" in rows
    assert "| step | a step | 5 | 10 | 50.0% |  | ≥ 75.0% | no |" in rows
    assert "| sweep-bf16 | the sweep |  |  | — |  | ≥ 7.00× | — |" in rows
    assert "- sweep-bf16: not on this CPU" in rows
    assert CONDITIONS.cpu in rows[0]
    assert "tensorflow" in rows[1]


def test_the_terminal_shows_the_same() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(table([SWEEP, STEP, BF16]))
    text = console.export_text()
    assert all(said in text for said in ("sweep-bf16", "3.00×", "≥ 75.0%", "no", "yes"))


def test_json_has_the_ratio_of_each_repeat() -> None:
    made = json.loads(as_json([SWEEP, BF16], CONDITIONS))
    assert made["figures"][0]["ratios"] == [3.0, 2.5, 3.5]
    assert made["figures"][0]["ratio"] == 3.0
    assert made["figures"][1]["reached"] is None
    assert made["conditions"]["command"] == "bench"


def test_figures_of_one_note_share_a_line() -> None:
    other = Figure("run", "a run", note="extrapolated")
    assert notes([SWEEP, other, STEP]) == ["sweep, run: extrapolated", "step: fp32"]


# Images


def test_images_are_written_as_png_from_all_classes(tmp_path: Path) -> None:
    files = source(str(folder(tmp_path / "bmp", 8, 6)), "").files
    made = written(files, tmp_path / "png", 4, None)
    assert (made.training, made.validation) == (4, 12)
    paths = sorted(path.relative_to(made.folder) for path in made.folder.glob("train/*/*"))
    assert {path.suffix for path in paths} == {".png"}
    assert [path.parts[1] for path in paths].count("moons") == 2
    last = np.asarray(Image.open(made.folder / "validation/suns/5.png"))
    assert last.shape == (8, 8, 3) and (last == 50).all()


# The command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "figures.txt"], "must end in .json or .md"),
        (["--output", "nowhere/figures.md"], "there is no folder nowhere"),
        (["--data", "nowhere"], "nowhere"),
    ],
)
def test_wrong_words_end_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(words) == 2
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1


@pytest.mark.parametrize("words", [["--only", "nothing"], ["--epochs", "1"], ["--repeats", "0"]])
def test_unknown_figures_and_counts_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(words)


@pytest.mark.slow
def test_every_figure_comes_out(tmp_path: Path) -> None:
    images = folder(tmp_path / "images", 96, 20)
    output = tmp_path / "figures.json"
    words = ["--data", str(images), "--repeats", "1", "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "hhexp.bench", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(output.read_text(encoding="utf-8"))
    assert [figure["name"] for figure in made["figures"]] == list(FIGURES)
    for figure in made["figures"]:
        assert len(figure["ratios"]) == 1 or "not on this CPU" in figure["note"]
        assert figure["name"] in done.stdout
    by_name = {figure["name"]: figure for figure in made["figures"]}
    assert "extrapolated" in by_name["sweep"]["note"]
    assert by_name["sweep"]["ratio"] > 0
    assert 0 < by_name["overhead"]["ratio"] < 1

"""The table in its three forms."""

import io
import json
from pathlib import Path

from rich.console import Console

from benchmarks.conditions import Conditions
from benchmarks.figure import Figure
from benchmarks.table import build_table, list_notes, render_json, render_markdown, write_figures

CONDITIONS = Conditions.observe(
    command="bench", images="4 images", form="the short form", rounds=9, repeats=3
)
SWEEP = Figure("sweep", "the sweep", "2 s", "6 s", (3.0, 2.5, 3.5), 2.8, note="extrapolated")
STEP = Figure("step", "a step", "5", "10", (0.5,), 0.75, percent=True, note="fp32")
BF16 = Figure("sweep-bf16", "the sweep", target=7.0, note="not measured")
EPOCH = Figure("epoch", "an epoch", "2 s", "5 s", (2.0, 2.1, 2.2, 2.3, 2.4, 2.5))


def test_the_table_says_what_was_reached_and_what_was_not() -> None:
    rows = render_markdown([SWEEP, STEP, BF16, EPOCH], CONDITIONS).splitlines()
    assert "| figure | what | ours | yardstick | ratio | interval | target | reached |" in rows
    assert "| sweep | the sweep | 2 s | 6 s | 3.00× | (2.50× – 3.50×) | ≥ 2.80× | yes |" in rows
    assert "| epoch | an epoch | 2 s | 5 s | 2.25× | 2.00× – 2.50× | — | — |" in rows
    assert "| step | a step | 5 | 10 | 50.0% |  | ≥ 75.0% | no |" in rows
    assert "| sweep-bf16 | the sweep |  |  | — |  | ≥ 7.00× | — |" in rows
    assert "- sweep-bf16: not measured" in rows
    assert CONDITIONS.cpu in rows[0]
    assert "tensorflow" in rows[1]


def test_the_terminal_shows_the_same() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(build_table([SWEEP, STEP, BF16]))
    text = console.export_text()
    assert all(cell in text for cell in ("sweep-bf16", "3.00×", "≥ 75.0%", "no", "yes"))


def test_json_has_all_ratios() -> None:
    content = json.loads(render_json([SWEEP, BF16, EPOCH], CONDITIONS))
    assert content["figures"][0]["ratios"] == [3.0, 2.5, 3.5]
    assert content["figures"][0]["ratio"] == 3.0
    assert content["figures"][0]["interval"] is None
    assert content["figures"][1]["reached"] is None
    assert content["figures"][2]["interval"] == [2.0, 2.5]
    assert content["conditions"]["command"] == "bench"


def test_figures_with_the_same_note_share_a_line() -> None:
    other = Figure("run", "a run", note="extrapolated")
    assert list_notes([SWEEP, other, STEP])[1:] == ["sweep, run: extrapolated", "step: fp32"]


def test_a_file_has_the_form_that_its_name_asks_for(tmp_path: Path) -> None:
    for name in ("figures.md", "figures.json"):
        write_figures(tmp_path / name, [STEP], CONDITIONS)
    assert (tmp_path / "figures.md").read_text("utf-8") == render_markdown([STEP], CONDITIONS)
    assert (tmp_path / "figures.json").read_text("utf-8") == render_json([STEP], CONDITIONS)
    assert len(list(tmp_path.iterdir())) == 2

"""What a page shows of many runs and cells."""

import csv
import re
from pathlib import Path

import pytest

from hhexp.analysis import report
from hhexp.analysis.report import scope
from hhexp.analysis.report.charts import draw_charts
from hhexp.analysis.report.scope import choose_scope, measure_spread
from hhexp.analysis.selection import select

NAMES = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")


def constant(value: float, epochs: int = 2) -> dict[str, list[float]]:
    return {name: [value] * epochs for name in NAMES}


def test_few_runs_and_cells_are_all_shown(made) -> None:
    found = made({"aug=none": [constant(0.5)] * 3, "aug=full": [constant(0.6)], "aug=flip": []})
    chosen = choose_scope(found)
    assert chosen.shows_runs and not chosen.has_many_cells
    assert chosen.listed == found.cells
    assert chosen.drawn == found.cells[:2]
    assert chosen.limit_pairs(range(99)) == range(99)


def test_of_many_cells_the_best_are_shown_in_their_order(
    made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "DRAWN", 2)
    monkeypatch.setattr(scope, "LISTED", 3)
    monkeypatch.setattr(scope, "MANY_CELLS", 4)
    rates = {"0.1": 0.9, "0.2": 0.6, "0.3": 0.7, "0.4": 0.8}
    runs = {f"lr={rate}": [constant(value)] for rate, value in rates.items()}
    assert len(choose_scope(made(runs)).drawn) == 4
    chosen = choose_scope(found := made(runs | {"lr=0.5": []}))
    assert chosen.shows_runs and chosen.has_many_cells
    assert chosen.drawn == [{"lr": "0.1"}, {"lr": "0.4"}]
    assert chosen.listed == [{"lr": "0.1"}, {"lr": "0.3"}, {"lr": "0.4"}]
    charts = draw_charts(found, chosen)
    assert [name for name in charts if name.startswith("loss")] == ["loss_lr_0.1", "loss_lr_0.4"]
    rows = charts["by_lr"].spec["layer"][0]["encoding"]["y"]["sort"]
    assert rows == [f"lr={rate}" for rate in (*rates, "0.5")]


def test_a_key_of_many_numbers_is_an_axis(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "MANY_CELLS", 4)
    found = made({f"lr={10.0**-power}": [constant(power / 20)] for power in range(18)})
    spec = draw_charts(found, choose_scope(found))["by_lr"].spec
    assert spec["encoding"]["x"]["scale"]["type"] == "log"
    rows = [(row["x"], row["v"]) for row in spec["datasets"]["runs"]]
    assert rows == [(10.0**-power, power / 20) for power in range(18)]


def test_a_key_of_many_words_is_a_histogram(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "MANY_CELLS", 4)
    found = made({f"model=m{number}": [constant(0.5)] for number in range(18)})
    spec = draw_charts(found, choose_scope(found))["by_model"].spec
    assert spec["encoding"]["y"]["aggregate"] == "count"
    assert len(spec["datasets"]["runs"]) == 18


def test_many_runs_are_bands_and_a_seed_that_diverged_is_left_out(
    made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "MANY_RUNS", 5)
    values = (0.5, 0.6, 0.7, 0.8, 0.9)
    lost = {name: [0.7, float("nan")] for name in NAMES}
    found = made({"aug=none": [*map(constant, values), lost], "aug=full": [constant(0.5)]})
    chosen = choose_scope(found)
    assert not chosen.shows_runs and not chosen.has_many_cells
    charts = draw_charts(found, chosen)
    spec = charts["accuracy_aug_none"].spec
    assert {row["v"] for row in spec["datasets"]["bands"]} == {0.7}
    bands = [layer["encoding"] for layer in spec["layer"][:2]]
    assert [(each["y"]["field"], each["y2"]["field"]) for each in bands] == [
        ("q05", "q95"), ("q25", "q75"),
    ]  # fmt: skip
    spread = measure_spread(found, {"aug": "none"})
    assert spread is not None
    assert (spread.lowest, spread.median, spread.highest, spread.best.seed) == (0.5, 0.7, 0.9, 4)


@pytest.fixture
def folder(synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report of the synthetic study, as if its runs and cells were many."""
    for name, value in {"MANY_RUNS": 10, "MANY_CELLS": 3, "DRAWN": 2, "LISTED": 2}.items():
        monkeypatch.setattr(scope, name, value)
    # The cells that were published are the faster ones, so that they are not listed.
    monkeypatch.setattr(scope, "RANKED_BY", "time/epoch_s")
    report.write(select(synthetic.store, str(synthetic.study)), tmp_path / "report")
    return tmp_path / "report"


def test_a_page_of_many_runs_lists_cells_and_its_tables_every_run(folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    markdown = (folder / "report.md").read_text("utf-8")
    ids = set(re.findall(r'id="([^"]+)"', html))
    assert {link for link in re.findall(r'href="#([^"]+)"', html)} <= ids
    assert not any(name.startswith("run-") for name in ids)
    assert "<summary>by seed" not in html and "By seed: " not in markdown
    assert "90.1 ± 1.3" in html  # aug=none, which no link leads to
    assert len([name for name in ids if name.startswith("cell-")]) == 2
    for text in (html, markdown):
        assert "What each key does" in text
        assert "2 of 4 cells with the highest validation accuracy" in text
        assert "on all seeds together" in text
        assert "the run with the highest" in text
    assert "<summary>by seed" not in html
    named = re.findall(r"\]\(((?:figures|tables)/[\w.-]+)\)", markdown)
    assert all((folder / name).is_file() for name in named)
    runs, cells = (
        list(csv.DictReader((folder / "tables" / f"{name}.csv").read_text("utf-8").splitlines()))
        for name in ("runs", "training")
    )
    assert len(runs) == 28
    assert len({row["cell"] for row in cells}) == 4

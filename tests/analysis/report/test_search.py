"""Importances and parallel coordinates of a search whose answer is known."""

import itertools

import numpy as np

from hhexp.analysis.report import vega
from hhexp.analysis.report.search import draw_search, measure_importances, place_values

NAMES = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")


def test_values_lie_by_size_or_by_their_logarithm_or_one_after_the_other() -> None:
    assert place_values(["1", "2", "3"]).tolist() == [0, 0.5, 1]
    assert place_values(["0.001", "0.1", "0.01"]).round(6).tolist() == [0, 1, 0.5]
    assert place_values(["adam", "sgd", "rmsprop", "sgd"]).tolist() == [0, 0.5, 1, 0.5]
    assert place_values(["7", "7"]).tolist() == [0.5, 0.5]


def test_the_key_that_moves_the_accuracy_is_the_important_one() -> None:
    places = np.array(list(itertools.product(np.linspace(0, 1, 8), np.linspace(0, 1, 8)))).T
    keys = {"matters": places[0], "does not": places[1]}
    importances, fit = measure_importances(keys, 0.5 + 0.4 * places[0])
    assert fit > 0.9
    assert importances["matters"] > 1 and abs(importances["does not"]) < 0.05


def test_accuracies_without_a_cause_say_that_the_importances_say_nothing() -> None:
    places = np.array(list(itertools.product(range(6), range(6))), np.float64).T
    noise = np.random.default_rng(0).normal(size=36)
    _, fit = measure_importances({"a": places[0], "b": places[1]}, noise)
    assert fit <= 0


def test_a_search_has_a_line_for_each_cell_and_a_bar_for_each_key(made) -> None:
    def history(value: float) -> list[dict[str, list[float]]]:
        return [{name: [value] for name in NAMES}]

    grid = itertools.product(("0.1", "0.01", "0.001"), ("adam", "sgd"), ("1", "2"))
    cells = {
        f"lr={rate} optimizer={name} batch={batch}": history(0.5 + 0.1 * len(rate))
        for rate, name, batch in grid
    }
    charts = draw_search(made(cells))
    assert [row["c"] for row in charts["importances"].spec["datasets"]["keys"]] == [
        "lr", "optimizer", "batch",
    ]  # fmt: skip
    rows = charts["parallel"].spec["datasets"]["cells"]
    assert len(rows) == 12 * 4
    assert {row["p"] for row in rows if row["k"] == "lr"} == {0, 0.5, 1}
    assert all("<svg" in vega.render(chart) for chart in charts.values())
    assert draw_search(made({"lr=1": history(0.5), "lr=2": history(0.6)})) == {}

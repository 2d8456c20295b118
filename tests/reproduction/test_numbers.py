"""Two runs' numbers side by side, and from when on they differ."""

import io
import math
from collections.abc import Callable

import pytest
from rich.console import Console

from hhexp.reproduction.numbers import (
    are_equal,
    describe_first_difference,
    find_best,
    tabulate_numbers,
)
from hhexp.reproduction.record import Record
from hhexp.training.state import PastEpoch

Run = Callable[..., Record]


@pytest.fixture
def run(make_record: Callable[..., Record]) -> Run:
    """A run with those accuracies; its weights and losses follow from them."""

    def make(*accuracies: float, digit: str = "a", metric: str = "val/accuracy") -> Record:
        epochs = [
            {
                "epoch": number,
                "metrics": {metric: value, "val/loss": 1 - value, "time/epoch_s": number},
                "weights": f"{number:063x}{digit}",
            }
            for number, value in enumerate(accuracies, start=1)
        ]
        config = {"epochs": len(accuracies), "objective": "val/accuracy"}
        return make_record(run_id=digit * 32, config=config, epochs=epochs)

    return make


def show(one: Record, other: Record) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(tabulate_numbers(one, other))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def cells(shown: str, name: str) -> list[str]:
    (line,) = [line for line in shown.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_last_and_the_best_epoch_are_side_by_side(run: Run) -> None:
    shown = show(run(0.5, 0.75, 0.625), run(0.5, 0.5, digit="b"))
    assert cells(shown, "last epoch") == ["last epoch", "3", "2", ""]
    assert cells(shown, "val/accuracy")[1:] == ["0.625", "0.5", "-0.125"]
    assert cells(shown, "best val/accuracy")[1:] == ["0.75 (epoch 2)", "0.5 (epoch 1)", "-0.25"]
    assert cells(shown, "weights")[-1] == "differ"
    assert "time/epoch_s" not in shown


def test_equal_numbers_are_called_the_same(run: Run) -> None:
    one = run(0.5, math.nan)
    assert are_equal(one, one)
    assert cells(show(one, one), "val/accuracy") == ["val/accuracy", "nan", "nan", "same"]
    assert describe_first_difference(one, one) == (
        "All metrics of 2 epochs and the weights are the same."
    )


def test_the_first_epoch_that_differs_is_said(run: Run) -> None:
    one, other = run(0.5, 0.75, 0.5), run(0.5, 0.75, 0.625)
    assert not are_equal(one, other)
    said = describe_first_difference(one, other)
    assert said.startswith("The first difference is in epoch 3, val/accuracy: 0.5 → 0.625 (by")
    assert said.endswith("The 2 epochs before are the same.")
    assert "before" not in describe_first_difference(run(0.5), run(0.75))


def test_a_longer_run_that_shares_epochs_goes_on(run: Run) -> None:
    short, long = run(0.5, 0.75), run(0.5, 0.75, 0.5)
    assert not are_equal(short, long)
    for pair in ((short, long), (long, short)):
        assert describe_first_difference(*pair) == (
            "All metrics of the first 2 epochs and the weights are the same; then only aaaaaaaa "
            "goes on, to epoch 3."
        )


def test_metrics_that_only_one_has_and_odd_names_are_shown_as_they_are(run: Run) -> None:
    shown = show(run(0.5, metric="val/recall/[red]a\x1b"), run(0.5))
    assert cells(shown, "val/accuracy")[1:] == ["–", "0.5", ""]
    assert cells(shown, "best val/accuracy")[1:] == ["–", "0.5 (epoch 1)", ""]
    assert "val/recall/[red]a\\x1b" in shown and "\x1b" not in shown


def test_the_best_loss_is_the_smallest_and_the_first_of_several_counts() -> None:
    past = [PastEpoch({"val/loss": v, "val/accuracy": v}, "") for v in (math.nan, 0.5, 0.25, 0.5)]
    assert find_best(past, "val/loss") == (0.25, 3)
    assert find_best(past, "val/accuracy") == (0.5, 2)
    assert find_best(past, "none") == (None, 0)

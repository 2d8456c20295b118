"""Grids, cells, and the runs that belong to them."""

import shlex

import pytest

from hhexp.analysis import grid


def test_every_combination_is_a_cell() -> None:
    assert [grid.label(cell) for cell in grid.combine({"a": ["1", "2"], "b": ["x"]})] == [
        "a=1 b=x",
        "a=2 b=x",
    ]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("15", "15"), (15, "15"), ("1e-3", "0.001"), (None, "None"), ("null", "None"),
     (True, "True"), ("[8,8]", "[8, 8]"), ("'a'", "a"),
     ("[my_models,b]", "['my_models', 'b']"), ("C\\:/x", "C:/x")],
)  # fmt: skip
def test_spellings_of_one_value_are_equal(asked: object, kept: str) -> None:
    assert grid.holds({"key": asked}, {"key": kept, "other": "1"})


def test_other_values_and_missing_keys_are_not() -> None:
    assert not grid.holds({"key": 15}, {"key": "30"})
    assert not grid.holds({"key": 15}, {"other": "15"})


def test_overrides_are_split_at_keys() -> None:
    text = "aug=full model.filters=[8, 8] +extra=1"
    assert grid.split_overrides(text) == {"aug": "full", "model.filters": "[8, 8]", "extra": "1"}


def test_cells_of_runs_are_what_their_overrides_vary() -> None:
    runs = [
        ({"aug": "full", "seed": "0", "epochs": "4"}, {"aug": "full", "epochs": "4"}),
        ({"seed": "1", "epochs": "4"}, {"aug": "none", "epochs": "4"}),
    ]
    assert grid.tell_apart(runs) == [{"aug": "full"}, {"aug": "none"}]


def test_a_runs_command_is_safe_in_a_shell() -> None:
    text = "aug=full model.filters=[8, 8] data.root=a&b"
    assert shlex.split(grid.compose_command(text)) == [
        "python", "-m", "hhexp.run", "aug=full", "model.filters=[8, 8]", "data.root=a&b",
    ]  # fmt: skip
    assert grid.compose_command("aug=full epochs=15") == "python -m hhexp.run aug=full epochs=15"
    assert grid.compose_command("") == "python -m hhexp.run"


def test_a_cell_is_named_as_on_the_command_line() -> None:
    assert grid.label({"aug.until": None, "reuse": True, "epochs": 15}) == (
        "aug.until=null reuse=true epochs=15"
    )

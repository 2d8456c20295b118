"""What is laid out for a person is read back to the last bit."""

import math
import sys
from typing import Any

import pytest

from hhexp.reading import parse_yaml
from hhexp.reproduction.layout import Line, render


@pytest.mark.parametrize(
    "number", [0.1 + 0.2, -0.0, 1e-07, 1e22, 5e-324, sys.float_info.max, 3.0, math.inf, -math.inf]
)
def test_a_number_keeps_every_bit(number: float) -> None:
    back = parse_yaml(render({"x": [number]}))["x"][0]
    assert (back, math.copysign(1, back)) == (number, math.copysign(1, number))
    assert isinstance(back, float)


def test_not_a_number_stays_so() -> None:
    assert math.isnan(parse_yaml(render({"x": math.nan}))["x"])


@pytest.mark.parametrize(
    "text",
    [
        *("", "on", "1", "1e5", "0x1f", "1_000", "null", "~", "2020-01-01"),
        *("a: b", "# a", " a ", "a\nb\r\n", "*a", "&a", "'\"", "a" * 500 + " b"),
        *("é😀", "\x85", "\x1b[2K", "\u2028", "\ufeff", "\ud800"),
    ],
)
def test_a_string_stays_that_string(text: str) -> None:
    content = {"key": text, text: ["plain", text], "line": Line({text: text})}
    assert parse_yaml(render(content)) == content


def test_what_belongs_together_takes_one_line() -> None:
    shared = [1, 2]
    content: dict[str, Any] = {
        "name": "a",
        "filters": shared,
        "config": {"filters": shared, "seed": 0},
        "epochs": [Line(epoch=1, metrics={"val/loss": 0.5}), Line(epoch=2, metrics={})],
    }
    assert render(content) == (
        "name: a\n"
        "filters: [1, 2]\n"
        "\n"
        "config:\n"
        "  filters: [1, 2]\n"
        "  seed: 0\n"
        "\n"
        "epochs:\n"
        "- {epoch: 1, metrics: {val/loss: 0.5}}\n"
        "- {epoch: 2, metrics: {}}\n"
    )

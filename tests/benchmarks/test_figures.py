"""When a figure is reached, and how its seconds read."""

import pytest

from benchmarks.figures import Figure, format_seconds


@pytest.mark.parametrize(
    ("ratios", "at_least", "reached"),
    [
        ((3.0, 2.5, 3.5), True, True),
        ((2.0, 2.5, 3.5), True, False),
        ((2.0, 2.5, 3.5), False, True),
        ((), True, None),
    ],
)
def test_a_figure_is_reached_by_the_median_of_its_ratios(
    ratios: tuple[float, ...], at_least: bool, reached: bool | None
) -> None:
    assert Figure("a", "a", ratios=ratios, reach=2.8, at_least=at_least).reached is reached


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5634, "0.563 s"), (8.514, "8.51 s"), (119.6, "120 s"), (150, "2.5 min")],
)
def test_seconds_have_three_digits_and_long_times_are_minutes(seconds: float, text: str) -> None:
    assert format_seconds([seconds]) == text

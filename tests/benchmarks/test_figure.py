"""When a figure is reached, how sure its median is, and how its seconds read."""

import pytest

from benchmarks.figure import Figure, divide, format_milliseconds, format_seconds


@pytest.mark.parametrize(
    ("ratios", "target", "at_least", "reached"),
    [
        ((3.0, 2.5, 3.5), 2.8, True, True),
        ((2.0, 2.5, 3.5), 2.8, True, False),
        ((2.0, 2.5, 3.5), 2.8, False, True),
        ((), 2.8, True, None),
        ((3.0, 2.5, 3.5), None, True, None),
    ],
)
def test_a_figure_is_reached_by_the_median_of_its_ratios(
    ratios: tuple[float, ...], target: float | None, at_least: bool, reached: bool | None
) -> None:
    assert Figure("a", "a", ratios=ratios, target=target, at_least=at_least).reached is reached


@pytest.mark.parametrize(
    ("count", "ends"),
    # With n ratios, of which k - 1 lie outside at each end, 1 - 2 · P(Binomial(n, 1/2) < k) ≥ 95 %.
    [(0, None), (1, None), (5, None), (6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (12, (3, 10))],
)
def test_the_medians_interval_is_that_of_order_statistics(
    count: int, ends: tuple[float, float] | None
) -> None:
    ratios = tuple(float(number) for number in range(count, 0, -1))
    assert Figure("a", "a", ratios=ratios).interval == ends


def test_one_slow_epoch_moves_neither_the_median_nor_its_interval() -> None:
    ours, yardstick = [2.0] * 9, [4.0, 4.1, 4.2, 4.3, 4.4, 4.5, 4.6, 4.7, 4.8]
    slow = [*yardstick[:-1], 40.0]
    quiet, disturbed = (Figure("a", "a", ratios=divide(y, ours)) for y in (yardstick, slow))
    assert (disturbed.ratio, disturbed.interval) == (quiet.ratio, quiet.interval)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5634, "0.563 s"), (8.514, "8.51 s"), (119.6, "120 s"), (150, "2.5 min")],
)
def test_seconds_have_three_digits_and_long_times_are_minutes(seconds: float, text: str) -> None:
    assert format_seconds([seconds]) == text


def test_milliseconds_have_three_digits() -> None:
    assert format_milliseconds([0.4567, 0.5, 9.0]) == "0.5 ms"

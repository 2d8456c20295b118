"""Numbers as a reader sees them."""

import pytest

from hhexp.analysis.report import numbers


@pytest.mark.parametrize(
    ("value", "metric", "shown"),
    [
        (0.8516, "val/accuracy", "85.2"),
        (1.9022, "val/loss", "1.902"),
        (-1.9022, "val/loss", "−1.902"),
        (1234.56, "val/loss", "1235"),
        (1.1233235957164467e30, "val/loss", "1e+30"),
        (float("nan"), "val/loss", "–"),
    ],
)
def test_a_number_is_short_whatever_its_size(value: float, metric: str, shown: str) -> None:
    assert numbers.number(value, metric) == shown

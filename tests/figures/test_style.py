"""How figures look."""

import pytest
from matplotlib.figure import Figure

from hhexp.figures.style import number_epochs, shorten, show_percent


@pytest.mark.parametrize(
    ("text", "length", "short"), [("horses", 6, "horses"), ("horses", 5, "hors…"), ("", 3, "")]
)
def test_a_long_text_is_cut(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


def test_an_axis_of_epochs_has_whole_numbers_alone() -> None:
    axes = Figure().add_subplot()
    axes.plot([1, 2], [0, 1])
    number_epochs(axes)
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
    assert axes.get_xlabel() == "epoch"


def test_a_share_is_shown_in_percent() -> None:
    axes = Figure().add_subplot()
    axes.set_ylim(0, 1)
    show_percent(axes.yaxis)
    assert axes.yaxis.get_major_formatter()(0.5) == "50%"

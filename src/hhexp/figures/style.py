"""What all figures share: colours, and how figures and axes look."""

import functools
import warnings
from typing import TYPE_CHECKING, Any

from hhexp.escape import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

TRAIN, VALIDATION = "#0072B2", "#D55E00"  # Okabe and Ito's palette, for every kind of colour vision
INK, FAINT = "#222222", "#D9D9D9"
TITLE: dict[str, Any] = {"fontsize": 11, "loc": "left", "color": INK, "fontweight": "bold"}


def make_figure(width_in: float, height_in: float, dpi: int = 110) -> "Figure":
    """An empty figure of that size, in inches, which takes all text as it is."""
    figure_class = _define_figure()
    size = (width_in, height_in)
    return figure_class(figsize=size, dpi=dpi, layout="constrained", facecolor="white")


@functools.cache
def _define_figure() -> "type[Figure]":
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    class PlainFigure(Figure):
        """A figure in which a name is no formula, whatever it has between two ``$``."""

        def draw(self, renderer: Any) -> None:
            for text in self.findobj(Text):
                text.set_parse_math(False)
                text.set_text(escape(text.get_text()))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph .* missing")  # letters the font lacks
                super().draw(renderer)

    return PlainFigure


def style_axes(axes: "Axes") -> None:
    """Give axes a faint grid, and no frame above and on the right."""
    axes.grid(color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def number_epochs(axes: "Axes") -> None:
    """Let the horizontal axis count epochs."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def show_percent(axis: "Axis") -> None:
    """Let an axis show shares as percentages."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1, decimals=None))


def shorten(text: str, length: int) -> str:
    """A text of at most so many letters that can be seen; the last is … where some are left out."""
    text = escape(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"

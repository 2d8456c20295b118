"""What all figures share: colours, and how figures and axes look."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

TRAIN, VALIDATION = "#0072B2", "#D55E00"  # Okabe and Ito's palette, for every kind of colour vision
INK, FAINT = "#222222", "#D9D9D9"
TITLE: dict[str, Any] = {"fontsize": 11, "loc": "left", "color": INK, "fontweight": "bold"}


def make_figure(width_in: float, height_in: float) -> "Figure":
    """An empty figure of that size, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=110, layout="constrained", facecolor="white")


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
    """A text of at most so many letters; the last is … where some are left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"

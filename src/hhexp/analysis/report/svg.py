"""Matplotlib figures as SVG inside a page, in the page's own colours."""

import io
import re
from typing import TYPE_CHECKING

from hhexp.analysis.report.panels import PALETTE
from hhexp.figures.style import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    INK: "--ink",
    FAINT: "--faint",
    **{colour: f"--c{number}" for number, colour in enumerate(PALETTE, start=1)},
}
"""A figure's colours, and the page's variables that take their place in light and dark."""

BACKGROUND = "fill: #ffffff"
"""The figure's own, which comes first."""


def render(figure: "Figure") -> str:
    """A figure as an SVG file, the same bytes for the same figure."""
    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "hhexp"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def make_inline(text: str, name: str, title: str) -> str:
    """An SVG file as an element of an HTML page: no background, no addresses, unique ids.

    Args:
        text: what ``render`` made of a figure.
        name: unique in the page.
        title: what a screen reader says.
    """
    text = text[text.index("<svg") :].replace(BACKGROUND, "fill: none", 1)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r'(<svg[^>]*?)\s+width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?)\s+height="[^"]*"', r"\1", text, count=1)
    for colour, variable in COLOURS.items():
        text = text.replace(colour.lower(), f"var({variable})")
    label = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)

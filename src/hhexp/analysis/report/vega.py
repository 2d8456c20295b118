"""Vega-Lite charts: one specification, drawn as an SVG file and again by the page's script.

Altair makes the specifications, vl-convert draws them and has Vega's script; neither needs the
network. Two parameters mean the same in all charts: ``live`` is true where the script draws, and
``chosen`` is the seed that a reader has picked, ``at`` the epoch.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

INK, SOFT, FAINT = "#1d2329", "#5b6670", "#d9dde1"
# Okabe and Ito's palette, darker where white is behind it; Vega gives them to
# the cells in turn, and begins anew after the last.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b8588e", "#b97900", "#2b8fce", "#6f6f6f")
TRAIN, VALIDATION = PALETTE[:2]
"""The page's style sheet has the same colours, and their like for dark screens."""
WIDTH, HEIGHT = 400, 220
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
CONFIG: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "gridColor": FAINT,
        "domainColor": INK,
        "tickColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelLimit": 240,
    },
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": INK,
        "labelFontSize": 11,
        "labelLimit": 300,
        "symbolType": "stroke",
        "symbolStrokeWidth": 2.5,
        "symbolOpacity": 1,
    },
    "title": {"color": INK, "anchor": "start", "fontSize": 12.5, "fontWeight": 600, "offset": 6},
    "range": {"category": list(PALETTE)},
}
REFERENCE = re.compile(r'( id="|url\(#|href="#)(\w+)')
"""Where an SVG names one of its parts."""
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A chart of the report."""

    caption: str
    """What it shows, also for who cannot see it."""
    spec: Mapping[str, Any]
    """In Vega-Lite."""

    @property
    def json(self) -> str:
        """The specification as a JSON text that may stand in a script element."""
        return json.dumps(self.spec, separators=(",", ":")).replace("</", "<\\/")


def make_chart(caption: str, drawn: "alt.TopLevelMixin", data: Mapping[str, Rows]) -> Chart:
    """A chart of Altair's with its data, and what all charts share.

    Args:
        caption: what it shows.
        drawn: its data are named.
        data: the rows, by those names.
    """
    spec = drawn.to_dict(validate=False)
    params = [{"name": "live", "value": False}, {"name": "chosen", "value": None}]
    params += [{"name": "at", "value": 0}, *spec.get("params", [])]
    datasets = {name: list(rows) for name, rows in data.items()}
    return Chart(caption, {**spec, "params": params, "datasets": datasets, "config": CONFIG})


def render(chart: Chart) -> str:
    """A chart as an SVG file, the same bytes for the same chart."""
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(dict(chart.spec))
    text = re.sub(r"(\d+\.\d{2})\d+", r"\1", text)
    text = re.sub(r'\s(role|aria-[a-z]+)="[^"]*"', "", text)
    # Its ids go on counting from one chart to the next.
    ids = {name: f"part{number}" for number, name in enumerate(re.findall(r' id="(\w+)"', text))}
    return REFERENCE.sub(lambda found: found[1] + ids.get(found[2], found[2]), text)


def make_inline(text: str, name: str, caption: str) -> str:
    """An SVG file as an element of an HTML page: no background, and ids of its own.

    Args:
        text: what ``render`` made of a chart.
        name: unique in the page.
        caption: what a screen reader says.
    """
    label = caption.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    drawn = re.sub(r'<rect width="[^"]*" height="[^"]*" fill="white"/>', "", text, count=1)
    drawn = REFERENCE.sub(rf"\g<1>{name}-\g<2>", drawn)
    size = re.search(r'viewBox="[^"]*"', drawn)
    assert size is not None
    return f'<svg role="img" aria-label="{label}" {size[0]}{drawn[drawn.index(">") :]}'


def read_script() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, as a script element holds it."""
    import vl_convert

    # Its type information lacks the default.
    text: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return text.replace("</script", "<\\/script")

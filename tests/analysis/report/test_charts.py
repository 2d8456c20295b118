"""What the report's figures show."""

import json
import re

from hhexp.analysis.report import vega
from hhexp.analysis.report.charts import draw_charts
from hhexp.analysis.report.panels import make_slugs
from hhexp.analysis.report.scope import choose_scope

NAMES = ("train/accuracy", "val/accuracy", "train/loss", "val/loss")


def test_each_cells_gap_is_seen_where_cells_share_epochs(made) -> None:
    curves = [0.5, 0.6, 0.7, 0.8]
    histories = {
        f"aug=full epochs={epochs}": [{name: curves[:epochs] for name in NAMES}]
        for epochs in (2, 4, 3)
    }
    found = made(histories)
    spec = draw_charts(found, choose_scope(found))["accuracy_gap"].spec
    rows = spec["datasets"]["means"]
    widths = {row["c"]: row["w"] for row in rows}
    assert {c: sum(row["c"] == c for row in rows) for c in widths} == {
        "aug=full epochs=4": 4, "aug=full epochs=3": 3, "aug=full epochs=2": 2,
    }  # fmt: skip
    assert list(widths.values()) == sorted(widths.values(), reverse=True)
    drawn = [layer["transform"][0]["filter"] for layer in spec["layer"][1:4]]
    assert drawn == [f"datum.z === {epochs}" for epochs in (4, 3, 2)]  # the last is on top


def test_a_chart_has_each_run_with_its_seed_and_epoch(made) -> None:
    found = made({"aug=none": [{name: [0.5, 0.6] for name in NAMES}] * 2})
    charts = draw_charts(found, choose_scope(found))
    rows = charts["accuracy_aug_none"].spec["datasets"]["runs"]
    assert rows[0] == {"e": 1, "v": 0.5, "k": "training", "s": 0, "r": "00000000"}
    assert len(rows) == 2 * 2 * 2
    dots = charts["validation_accuracy"].spec["datasets"]
    assert [(row["e"], row["s"]) for row in dots["runs"]] == [(1, 0), (2, 0), (1, 1), (2, 1)]
    assert [row["e"] for row in dots["means"]] == [1, 2]


def test_a_chart_is_drawn_from_its_specification_and_is_plain_without_a_script(made) -> None:
    found = made({"aug=none": [{name: [0.5, 0.6] for name in NAMES}] * 2})
    chart = draw_charts(found, choose_scope(found))["accuracy_aug_none"]
    text = vega.render(chart)
    assert text == vega.render(chart)
    # The points for the mouse are drawn where the script says so, and nowhere else.
    assert re.search(r'<g class="mark-symbol role-mark \w+"[^>]*(/>|></g>)', text)
    assert "mark-symbol" in text and text.count("mark-symbol role-mark") == 1
    inline = vega.make_inline(text, "one", '"<a>"')
    assert inline.startswith('<svg role="img" aria-label="&quot;&lt;a>&quot;" viewBox="0 0')
    assert 'fill="white"' not in inline
    own, other = (
        set(re.findall(' id="([^"]+)"', vega.make_inline(text, name, ""))) for name in "ab"
    )
    assert own and not own & other


def test_a_hostile_name_cannot_end_the_specification(made) -> None:
    found = made({"label=</script><b>": [{name: [0.5, 0.6] for name in NAMES}]})
    (chart, *_) = draw_charts(found, choose_scope(found)).values()
    assert "</script" not in chart.json
    assert json.loads(chart.json)["title"] == "Accuracy, label=</script><b>"


def test_cells_whose_labels_differ_in_odd_letters_have_charts_of_their_own() -> None:
    labels = ["label=c++", "label=c##", "label=C", "aug=full", "x" * 300, "../../x", "\x1b[2J", "$"]
    slugs = make_slugs(labels)
    assert slugs[:4] == ["label_c", "label_c__2", "label_c__3", "aug_full"]
    assert len(set(slugs)) == len(labels)
    assert all(re.fullmatch(r"[a-z0-9._]{0,110}", slug) for slug in slugs)

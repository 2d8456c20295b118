"""What the report's figures show."""

import re

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
    axes = draw_charts(found, choose_scope(found))["accuracy_gap"][1].axes[0]
    lines = axes.lines[:3]
    assert [len(line.get_ydata()) for line in lines] == [2, 4, 3]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(histories)
    shortest, longest, middle = lines
    for above, below in ((shortest, middle), (middle, longest)):
        assert above.get_zorder() > below.get_zorder()
        assert above.get_linewidth() < below.get_linewidth()
        assert (above.get_marker(), above.get_markevery()) == ("o", [-1])


def test_cells_whose_labels_differ_in_odd_letters_have_charts_of_their_own() -> None:
    labels = ["label=c++", "label=c##", "label=C", "aug=full", "x" * 300, "../../x", "\x1b[2J", "$"]
    slugs = make_slugs(labels)
    assert slugs[:4] == ["label_c", "label_c__2", "label_c__3", "aug_full"]
    assert len(set(slugs)) == len(labels)
    assert all(re.fullmatch(r"[a-z0-9._]{0,110}", slug) for slug in slugs)

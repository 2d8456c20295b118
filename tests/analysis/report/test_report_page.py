"""The report of a study whose verdicts are known: its page, its files, and a real browser."""

import csv
import io
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from hhexp.analysis import report
from hhexp.analysis.report.content import gather
from hhexp.analysis.report.files import build
from hhexp.analysis.selection import select
from hhexp.report import main
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.run import TrackedRun


class Page(HTMLParser):
    """The elements of a page that matter here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href"):
                self.links.append(value or "")
            if name == "src":
                self.sources.append(value or "")


@pytest.fixture(scope="module")
def output(synthetic, tmp_path_factory) -> Path:
    """The report of the synthetic study, made through the command."""
    folder = tmp_path_factory.mktemp("report")
    uri = synthetic.store.uri
    status = main([str(synthetic.study), "--tracking-uri", uri, "--output", str(folder)])
    assert status == 0
    return folder


@pytest.fixture(scope="module")
def html(output: Path) -> str:
    return (output / "report.html").read_text("utf-8")


def test_the_page_needs_nothing_from_elsewhere(html: str) -> None:
    page = Page(html)
    assert page.sources and all(source.startswith("data:") for source in page.sources)
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert html.count("<script>") == 2
    assert "@import" not in html
    assert not re.search(r"<script[^>]+src=", html)


def test_every_link_leads_somewhere_on_the_page(html: str, synthetic) -> None:
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if link.startswith("#")} <= {f"#{i}" for i in page.ids}
    for run_id in synthetic.run_ids.values():
        assert f"run-{run_id}" in page.ids
        assert f"python -m hhexp.reproduce {run_id}" in html


def test_text_from_the_study_is_escaped(html: str) -> None:
    assert "Does &lt;augmentation&gt; help?" in html
    assert "<augmentation>" not in html


def test_claims_come_with_verdict_effect_interval_and_seeds(html: str, output: Path) -> None:
    words = dict(re.findall(r'class="claim (\w+)" id="claim-(\w+)"', html))
    assert words == {
        "supported": "lower_loss",
        "refuted": "higher_accuracy",
        "undecided": "higher_train_loss",
    }
    assert "<b>−1.000 ± 0.003</b>, claimed &lt; 0" in html
    assert "**−1.000 ± 0.003**, claimed &lt; 0" in (output / "report.md").read_text("utf-8")
    assert "<b>−10.0 ± 0.3 points</b>, claimed &gt; 0 points" in html
    assert re.search(r"7 seeds; about \d+ seeds would decide", html)


def test_the_page_begins_with_the_answer_then_all_claims(html: str, output: Path) -> None:
    answer = "Augmentation lowers validation loss: by 1.000 (95 % 0.997 to 1.002, 7 seeds)."
    places = [
        html.index(text) for text in (answer, '<figure class="forest"', 'id="notes"', 'id="claims"')
    ]
    assert places == sorted(places)
    assert "But it is not true that augmentation raises validation accuracy" in html
    rows = html[places[1] : places[2]]
    for name in ("lower_loss", "higher_accuracy", "higher_train_loss"):
        assert f'href="#claim-{name}"' in rows
    text = (output / "report.md").read_text("utf-8")
    assert text.index(answer) < text.index("(figures/forest.svg)") < text.index("## Claims")


def test_the_command_ends_with_the_answer(
    synthetic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(synthetic.study), "--tracking-uri", synthetic.store.uri]
    assert main([*words, "--output", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("Augmentation lowers validation loss: by 1.000 (")
    assert said[-1].startswith("Whether augmentation raises training loss is undecided after all 7")


def test_published_figures_stand_beside_ours(html: str) -> None:
    row = html[html.index("validation accuracy, at the last epoch (a note)") :]
    row = row[: row.index("</tr>")]
    for text in ("50.0 %", "90.1 ± 1.3", "below all our seeds"):
        assert text in row


def test_images_that_augmentation_fixes_and_breaks(html: str) -> None:
    assert "1 of 12 images wrong in all 28 runs" in html
    assert "aug=full fixes 1 image" in html
    assert "aug=full breaks 2 images" in html
    assert "wrong in 0/7 → 7/7" in html


def test_markdown_says_the_same(output: Path) -> None:
    text = (output / "report.md").read_text("utf-8")
    assert "- **supported**: Augmentation lowers validation loss." in text
    assert (
        "- **undecided**: Augmentation raises training loss. (the interval contains the bound)"
        in text
    )
    assert re.search(
        r"7 seeds; about \d+ seeds would decide; undecided\. By seed: 0: \+0\.030", text
    )
    for sentence in (
        "The seed counts assume the same mean and spread",
        "looks better than it is",
        "*upper half*: the",
    ):
        assert sentence in text
    for anchor in re.findall(r"\]\(#([^)]*)\)", text):
        assert f'<a id="{anchor}"></a>' in text
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text):
        assert (output / picture).is_file()
    for block in re.split(r"\n\n+", text):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1, block
    assert "\n\n\n" not in text


def test_tables_hold_each_number_with_its_runs(output: Path, synthetic) -> None:
    rows = list(csv.DictReader(io.StringIO((output / "tables/training.csv").read_text())))
    found = [
        row
        for row in rows
        if (row["cell"], row["metric"], row["statistic"])
        == ("aug=full epochs=4", "val/accuracy", "last")
    ]
    assert len(found) == 1
    assert float(found[0]["mean"]) == pytest.approx(0.8 + 0.012 / 7)
    assert found[0]["seeds"] == "7"
    assert found[0]["run_ids"].split() == [synthetic.run_ids["full", 4, seed] for seed in range(7)]
    assert {path.name for path in (output / "tables").iterdir()} == {
        "training.csv", "behaviour.csv", "views.csv", "claims.csv", "published.csv", "runs.csv",
        "mcnemar.csv", "images.csv", "training.tex", "behaviour.tex", "views.tex",
    }  # fmt: skip


def test_a_chart_is_an_svg_file_and_a_sheet_of_pictures_a_png_file(output: Path) -> None:
    names = {path.name for path in (output / "figures").iterdir()}
    assert {"accuracy_aug_full_epochs_4.svg", "accuracy_gap.svg", "sheet_hardest.png"} <= names
    assert all(name.startswith("sheet_") == name.endswith(".png") for name in names)


def test_a_second_time_gives_the_same_bytes(output: Path, synthetic, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    report.write(select(synthetic.store, str(synthetic.study)), tmp_path)
    files = [path for path in sorted(output.rglob("*")) if path.is_file()]
    for path in files:
        assert (tmp_path / path.relative_to(output)).read_bytes() == path.read_bytes(), path.name
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(files) + 1


def test_a_former_reports_tables_and_figures_go_and_other_files_stay(
    synthetic, output: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    shutil.copytree(output, folder)
    (folder / "figures/mine.png").write_text("kept")
    for chart in ("accuracy_gap", "accuracy_aug_full_epochs_4"):
        (folder / f"figures/{chart}.png").write_text("as reports once had it beside the SVG")
    report.write(select(synthetic.store, synthetic.run_ids["full", 4, 0]), folder)
    assert {path.name for path in (folder / "tables").iterdir()} == {
        "training.csv", "behaviour.csv", "views.csv", "runs.csv", "images.csv",
        "training.tex", "behaviour.tex", "views.tex",
    }  # fmt: skip
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "accuracy_all_runs.svg", "loss_all_runs.svg", "validation_accuracy.svg", "accuracy_gap.svg",
        "sheet_hardest.png", "mine.png",
    }  # fmt: skip


def test_a_sweep_of_one_seed_is_reported_and_logged_on_its_own_run(
    synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [synthetic.run_ids[aug, 4, 0] for aug in ("none", "full")]
    sweep = TrackedRun.start(
        synthetic.store, "study", "one seed", None,
        {"hhexp.kind": "sweep", "hhexp.runs": ",".join(chosen), "hhexp.command": "the command"},
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    study = str(synthetic.study)
    uri = synthetic.store.uri
    assert main([sweep.run_id[:16], "--study", study, "--tracking-uri", uri]) == 0
    page = (tmp_path / "report/report.html").read_text("utf-8")
    assert page.count("One seed cannot answer the question") == 1
    assert "undecided:" not in page.lower()
    assert "±" not in page[page.index('id="training"') : page.index('id="curves"')]
    assert "the command" in page
    assert read_text(synthetic.store, sweep.run_id, "report/report.html") == page
    assert read_text(synthetic.store, sweep.run_id, "report/tables/claims.csv") is not None


def test_without_the_data_images_are_named_with_a_note(synthetic, tmp_path: Path) -> None:
    data = synthetic.study.parent / "data"
    hidden = data.rename(tmp_path / "hidden")
    try:
        report.write(select(synthetic.store, synthetic.run_ids["full", 4, 0]), tmp_path / "out")
    finally:
        hidden.rename(data)
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "The images are listed by name only:" in page
    assert "humans-2.png" in page
    assert Page(page).sources == []
    assert "- `humans-2.png`" in (tmp_path / "out/report.md").read_text("utf-8")


def test_an_overlay_is_given_the_images_and_what_they_were_taken_for(synthetic) -> None:
    asked = []

    def overlay(run_id: str, images: np.ndarray, classes: list[str]) -> list[np.ndarray]:
        asked.append((run_id, images.shape, list(classes)))
        return [255 - image for image in images]

    plain, overlaid = (
        gather(select(synthetic.store, str(synthetic.study)), each) for each in (None, overlay)
    )
    assert asked[1:] == [
        (synthetic.run_ids["full", 4, 0], (1, 32, 32, 3), ["horses"]),
        (synthetic.run_ids["full", 4, 0], (2, 32, 32, 3), ["horses", "horses"]),
    ]
    before, after = plain.sheets[1].pictures[0].pixels, overlaid.sheets[1].pictures[0].pixels
    assert (after == 255 - before).all()
    assert overlaid.sheets[1].remark.endswith(
        "Colour: the regions that speak for the class that aug=full epochs=4, seed 0, predicted "
        "(Grad-CAM)."
    )


def test_an_image_whose_heat_map_is_blank_says_why(synthetic) -> None:
    found = select(synthetic.store, str(synthetic.study))
    blank = gather(found, lambda _, images, __: images).sheets[1].pictures[0]
    assert blank.caption.endswith(
        "no colour: nothing in it speaks for horses, only what the model takes for granted"
    )


def probed(
    browser: list[str],
    output: Path,
    tmp_path: Path,
    width: int,
    expression: str,
    wait_ms: int = 0,
) -> str:
    """What a JavaScript expression says of the page, the document d, at a width in pixels, so long
    after it was loaded, by the browser's own clock."""
    # A headless browser's window is 500 pixels wide at least; a frame can be narrower.
    probe = tmp_path / "probe.html"
    probe.write_text(
        f'<iframe id="f" src="{(output / "report.html").as_uri()}" '
        f'style="width:{width}px;height:800px;border:0"></iframe><script>'
        "f.onload = () => setTimeout(() => { const d = f.contentDocument; "
        f"document.title = {expression} }}, {wait_ms})</script>"
    )
    shown = subprocess.run(
        [*browser, "--allow-file-access-from-files", f"--user-data-dir={tmp_path}/user",
         "--virtual-time-budget=5000", "--dump-dom", probe.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", shown)
    assert title is not None, shown
    return title[1]


@pytest.mark.parametrize("width", [400, 1280])
def test_a_browser_shows_the_page_without_scrolling_sideways(
    browser: list[str], output: Path, tmp_path: Path, width: int
) -> None:
    shown = probed(
        browser, output, tmp_path, width,
        "[d.documentElement.scrollWidth, [...d.images].filter(i => !i.naturalWidth).length,"
        "d.images.length, d.querySelectorAll('svg').length, d.title].join('|')",
    )  # fmt: skip
    scroll_width, broken, images, figures, name = shown.split("|")
    assert int(scroll_width) <= width
    assert (int(broken), int(images), int(figures)) == (0, 8, 15)
    assert name == "Synthetic &amp; small"


@pytest.mark.parametrize("width", [400, 1280])
def test_no_table_runs_out_of_its_place(
    browser: list[str], output: Path, tmp_path: Path, width: int
) -> None:
    wider = (
        "[...d.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth)"
        ".map(s => s.getAttribute('aria-label')).join()"
    )
    assert probed(browser, output, tmp_path, width, wider) == ""


def test_on_a_phone_each_number_stands_beside_its_heading(
    browser: list[str], output: Path, tmp_path: Path
) -> None:
    bare = "[...d.querySelectorAll('tbody td')].filter(c => !c.dataset.label).length"
    assert probed(browser, output, tmp_path, 390, bare) == "0"


def test_a_browser_loads_nothing_and_draws_every_chart_anew(
    browser: list[str], output: Path, tmp_path: Path
) -> None:
    loaded = "f.contentWindow.performance.getEntriesByType('resource').length"
    shown = probed(
        browser, output, tmp_path, 1280,
        f"[{loaded}, d.querySelectorAll('.chart').length,"
        "d.querySelectorAll('.chart.vega-embed svg').length].join('|')", wait_ms=3000,
    )  # fmt: skip
    assert shown == "0|10|10"


def test_a_point_under_the_mouse_tells_its_run_seed_and_epoch(
    browser: list[str], output: Path, tmp_path: Path, synthetic
) -> None:
    point = "d.querySelector('.chart .mark-symbol path')"
    move = "new PointerEvent(kind, {bubbles: true, clientX: 99, clientY: 99})"
    hover = f"['pointerover', 'pointermove'].forEach(kind => {point}.dispatchEvent({move}))"
    told = "d.querySelector('.vg-tooltip, #vg-tooltip-element').textContent"
    shown = probed(browser, output, tmp_path, 1280, f"[{hover}, {told}].join('|')", wait_ms=3000)
    run_id = synthetic.run_ids["none", 4, 0][:8]
    assert re.sub(r"\s", "", shown) == f"|oftrainingseed0run{run_id}epoch1value0.625"


def test_a_reader_sorts_and_filters_a_table_and_picks_a_seed(
    browser: list[str], output: Path, tmp_path: Path
) -> None:
    first = "d.querySelector('#behaviour tbody tr').cells[0].textContent.trim()"
    press = "d.querySelectorAll('#behaviour thead button')[1].click()"
    type_in = (
        "(s => { s.value = 'best full'; s.dispatchEvent(new Event('input')) })"
        "(d.querySelector('#training input'))"
    )
    left = "[...d.querySelectorAll('#training tbody tr')].filter(r => !r.hidden).length"
    lines = (
        "d.querySelectorAll('.chart')[0].querySelectorAll('path[stroke-width=\"0.9\"]"
        '[opacity="0.42"]\').length'
    )
    pick = (
        "(s => { s.value = '3'; s.dispatchEvent(new Event('change')) })"
        "(d.querySelector('.controls select'))"
    )
    told = probed(
        browser, output, tmp_path, 1280,
        f"[{press}, {first}, {type_in}, {left}, {lines}, {pick}].join('|')", wait_ms=3000,
    ).split("|")  # fmt: skip
    assert told[1].startswith("aug=full")  # whose gap is the larger one
    assert told[3] == "2"
    assert told[4] == "14"


def test_a_click_on_an_image_tells_what_each_run_said_of_it(html: str) -> None:
    assert '<b class="dot refuted">humans</b> 7 of 7: seeds 0 (100%), 1 (100%)' in html
    assert '<b class="dot supported">horses</b> 7 of 7: seeds 0 (100%)' in html


def test_a_browser_prints_it(browser: list[str], output: Path, tmp_path: Path) -> None:
    page = (output / "report.html").as_uri()
    subprocess.run(
        [*browser, f"--user-data-dir={tmp_path}/user",
         f"--print-to-pdf={tmp_path}/page.pdf", page],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    if pdftotext := shutil.which("pdftotext"):
        words = [pdftotext, str(tmp_path / "page.pdf"), "-"]
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert "python -m hhexp.run aug=none epochs=4 seed=0" in text  # details that are closed
        assert "seed 0: +0.030" in text


def test_reports_start_without_tensorflow(synthetic, tmp_path: Path) -> None:
    words = [synthetic.run_ids["none", 4, 0], "--tracking-uri", synthetic.store.uri]
    code = (
        "import sys; from hhexp.report import main\n"
        f"status = main({[*words, '--output', str(tmp_path / 'out')]})\n"
        "print(status, sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_a_hostile_text_is_shown_and_means_nothing(synthetic, tmp_path: Path) -> None:
    content = gather(select(synthetic.store, synthetic.run_ids["full", 4, 0]))
    build(replace(content, notes=["<b>\x1b[2J*x*\n# [y](http://z)"]), tmp_path)
    page, markdown = ((tmp_path / f"report.{end}").read_text("utf-8") for end in ("html", "md"))
    assert r"&lt;b&gt;\x1b[2J*x*" in page
    assert r"- &lt;b>\\x1b[2J\*x\* # [y\](http://z)" in markdown
    assert "\x1b" not in page + markdown

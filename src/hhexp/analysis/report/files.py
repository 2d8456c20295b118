"""A report's files: the page, the same as Markdown, tables (CSV), charts (SVG), pictures (PNG)."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from hhexp.analysis.folds import tabulate_folds
from hhexp.analysis.frame import tabulate_claims, tabulate_runs
from hhexp.analysis.markdown import show
from hhexp.analysis.predictions import tabulate_duels, tabulate_images
from hhexp.analysis.report import numbers, vega
from hhexp.analysis.report.content import Content
from hhexp.analysis.report.forest import Axis
from hhexp.analysis.report.index import ANSWER, write_summary
from hhexp.analysis.report.latex import write_latex
from hhexp.analysis.report.pictures import Sheet
from hhexp.analysis.report.rendering import make_environment, show_controls
from hhexp.analysis.report.tables import tabulate_published
from hhexp.atomic import replace_file
from hhexp.csv_text import format_frame

PAGE = "report.html"
MARKDOWN = "report.md"
BIBTEX = "cite.bib"


def build(content: Content, folder: Path) -> None:
    """Write all files of a report into an existing folder."""
    for part in ("tables", "figures"):
        (folder / part).mkdir(exist_ok=True)
    tables = _write_tables(content, folder / "tables")
    inline = _write_figures(content, folder / "figures")
    (folder / ANSWER).write_text(write_summary(content), "utf-8")
    (folder / BIBTEX).write_text(content.citation.bibtex, "utf-8")
    for name, template, options in (
        (PAGE, "page.html.j2", {"autoescape": True, "finalize": show_controls}),
        (MARKDOWN, "page.md.j2", {"finalize": show}),
    ):
        page = (
            make_environment(options)
            .get_template(template)
            .render(content=content, svg=inline, n=numbers, tables=tables, vega=vega)
        )
        (folder / name).write_text(page, "utf-8")


def publish(built: Path, output: Path) -> list[Path]:
    """Move a report's files into ``output``, each in one step.

    What a former report there names and this one does not have is removed; other files stay.

    Raises:
        OSError: it cannot be written.
    """
    former = _read_named(output / MARKDOWN)
    moved = []
    for source in _list_files(built):
        target = output / source.relative_to(built)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(target) as unfinished:
            shutil.copy(source, unfinished)
        moved.append(target)
    for name in former:
        if not (built / name).exists():
            (output / name).unlink(missing_ok=True)
    return moved


def _read_named(markdown: Path) -> set[str]:
    """The tables and figures that a report names, and what is beside them; charts were once there
    as PNG as well."""
    text = markdown.read_text("utf-8", "replace") if markdown.is_file() else ""
    found = set(re.findall(r"(?<!\\)\]\(((?:figures|tables)/[\w.-]+)\)", text))
    beside = {".svg": ".png", ".csv": ".tex"}
    return found | {name[:-4] + beside[name[-4:]] for name in found if name[-4:] in beside}


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _write_tables(content: Content, folder: Path) -> list[str]:
    """Write the tables, and give their names."""
    frames = {
        "training": content.training.to_frame(),
        "behaviour": content.behaviour.to_frame(),
        "runs": tabulate_runs(content.results),
    }
    if content.recall:
        frames["recall"] = content.recall.to_frame()
    if content.test:
        frames["test"] = content.test.to_frame()
    if content.results.search:
        frames["trials"] = content.results.search.tabulate()
    if content.fold_duels:
        frames["folds"] = tabulate_folds(content.fold_duels)
    if content.views:
        frames["views"] = content.views.to_frame()
    if content.verdicts:
        frames["claims"] = tabulate_claims(content.verdicts)
    if content.published:
        frames["published"] = tabulate_published(content.published)
    if content.duels:
        frames["mcnemar"] = tabulate_duels(content.duels, content.duel_summaries)
    if content.predictions:
        frames["images"] = tabulate_images(content.predictions, content.results)
    for name, frame in frames.items():
        (folder / f"{name}.csv").write_text(format_frame(frame), "utf-8")
    for table in (content.training, content.recall, content.behaviour, content.test, content.views):
        if table:
            (folder / f"{table.name}.tex").write_text(write_latex(table), "utf-8")
    return list(frames)


def _write_figures(content: Content, folder: Path) -> dict[str, str]:
    """Write the figures, and give the charts as elements of the page."""
    inline = {}
    for name, chart in content.charts.items():
        text = vega.render(chart)
        (folder / f"{name}.svg").write_text(text, "utf-8")
        inline[name] = vega.make_inline(text, name, chart.caption)
    if content.forest:
        (folder / "forest.svg").write_text(_draw_forest(content.forest), "utf-8")
    for sheet in content.sheets:
        if sheet.shown:
            _write_sheet(sheet, folder / f"sheet_{sheet.name}.png")
    return inline


def _draw_forest(axes: Sequence[Axis]) -> str:
    """The forest plot as a file; the page has the same rows beside texts that it can lay out."""
    template = make_environment({"autoescape": True}).get_template("forest.svg.j2")
    return template.render(axes=axes, height=8 + sum(axis.height for axis in axes))


def _write_sheet(sheet: Sheet, path: Path) -> None:
    from hhexp.figures.sheets import draw_sheet

    pictures = [picture for picture in sheet.pictures if picture.pixels is not None]
    draw_sheet(
        [picture.pixels for picture in pictures if picture.pixels is not None],
        [f"{picture.name}\n{picture.caption}" for picture in pictures],
        sheet.title,
        min(6, max(4, len(pictures))),
    ).savefig(path, metadata={"Software": None})

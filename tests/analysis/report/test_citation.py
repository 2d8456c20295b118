"""How to cite runs, and tables for papers."""

from dataclasses import replace

from hhexp.analysis.report.citation import cite
from hhexp.analysis.report.latex import write_latex
from hhexp.analysis.report.tables import build_training_table
from hhexp.analysis.selection import select


def test_a_citation_names_what_identifies_the_runs(synthetic) -> None:
    results = select(synthetic.store, str(synthetic.study))
    citation = cite(results)
    data = results.all[0].run.tags["hhexp.data.fingerprint"]
    assert citation.paragraph.startswith("Synthetic & small: 28 runs trained with hhexp ")
    assert data in citation.paragraph
    assert "  title = {{Synthetic \\& small}},\n" in citation.bibtex
    assert data[:16] in citation.bibtex and "author" not in citation.bibtex


def test_a_title_ends_no_entry(synthetic) -> None:
    results = select(synthetic.store, str(synthetic.study))
    study = results.study.model_copy(update={"title": "a} }, evil = {\\input{x}"})
    entry = cite(replace(results, study=study)).bibtex
    assert "  title = {{a\\} \\}, evil = \\{ input\\{x\\}}},\n" in entry


def test_a_table_in_latex_shows_what_the_page_shows(synthetic) -> None:
    results = select(synthetic.store, str(synthetic.study))
    text = write_latex(build_training_table(results))
    assert text.startswith("\\begin{tabular}{llrrrrrr}\n\\toprule\n")
    assert "training accuracy, \\%" in text
    assert "aug=none epochs=4 & last epoch & 100.0 $\\pm$ 0.0 & 90.1 $\\pm$ 1.3 &" in text
    assert text.isascii()

"""The site of the documentation: built without warnings, complete, and without the network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hhexp
from hhexp.__main__ import COMMANDS
from hhexp.config.catalogue import read_catalogue

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=\"?(?:https?:)?//[^>]*>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    package = str(Path(hhexp.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": package, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def read(site: Path, page: str) -> str:
    return (site / page).read_text("utf-8")


def test_each_document_is_a_page(site: Path) -> None:
    documents = [path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/**/*.md")]
    assert documents
    assert [path for path in documents if not (site / path.with_suffix(".html")).is_file()] == []


def test_what_pages_link_to_outside_of_docs_is_there(site: Path) -> None:
    assert 'href="experiments/augmentation_vs_epochs/index.html"' in read(site, "index.html")
    assert (site / "benchmarks/bits.py").read_bytes() == (ROOT / "benchmarks/bits.py").read_bytes()


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if page.name != "report.html"]
    fetched = {match[0] for page in pages for match in FETCHED.finditer(page.read_text("utf-8"))}
    assert {tag for tag in fetched if 'rel="canonical"' not in tag} == set()


@pytest.mark.parametrize("tag", ['<script src="https://x.org/a.js">', "<img src=//x.org/a.png>"])
def test_what_is_fetched_is_found(tag: str) -> None:
    assert FETCHED.search(tag)


def test_the_reference_has_every_command(site: Path) -> None:
    page = read(site, "reference/commands.html")
    assert [name for name in COMMANDS if f'<h2 id="{name}">' not in page] == []
    assert "--tracking-uri" in page


def test_the_reference_has_every_key_with_its_range(site: Path) -> None:
    page = read(site, "reference/keys.html")
    catalogue = read_catalogue()
    keys = {*catalogue.keys()} - {*catalogue.groups, "state", "stopping"}
    assert [key for key in keys if f"<code>{key}</code>" not in page] == []
    assert "<code>stopping.patience</code>" in page
    seed = page[page.index("<code>seed</code>") :].partition("</tr>")[0]
    assert "whole number, ≥ 0, &lt; 4,294,967,296" in seed


def test_the_reference_has_public_functions_variables_and_tags(site: Path) -> None:
    for page, names in (
        ("python", ("hhexp.analysis.claims", "hhexp.config.registry.lr_schedule")),
        ("environment", ("HHEXP_CACHE", "HHEXP_MAX_RUNS")),
        ("tags", ("hhexp.stage.0", "hhexp.verdict.words")),
    ):
        text = read(site, f"reference/{page}.html")
        assert [name for name in names if name not in text] == []

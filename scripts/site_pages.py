"""A hook of MkDocs: what the pages link to outside of docs/ is part of the site too.

README is the home page. Other Markdown that a page links to, such as a study's answer or the
changelog, becomes a page; any other file is copied. So the same links work here and on GitHub.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
HOME = "README.md"
BLOCK = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?P<text>\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the home page, and all that the pages lead to."""
    waiting = [ROOT / HOME, *(ROOT / "docs" / file.src_uri for file in files.documentation_pages())]
    seen = {ROOT / "docs" / file.src_uri for file in files}
    while waiting:
        page = waiting.pop()
        if page not in seen:
            seen.add(page)
            files.append(File.generated(config, name_page(page), abs_src_path=str(page)))
        if page.suffix == ".md":
            linked = find_links(page, page.read_text("utf-8"))
            waiting += [path for path in linked if path.is_file() and path not in seen]
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links lead from page to page; leave out those to folders, which no site shows."""
    here = Path(page.file.abs_src_path or ROOT / "docs" / page.file.src_uri)

    def rewrite(link: "re.Match[str]") -> str:
        target, _, anchor = link["target"].partition("#")
        if not target or ":" in target:
            return link[0]
        path = find_target(here, target)
        if path.is_dir():
            return link["text"][1:-1]
        way = os.path.relpath(name_page(path), Path(page.file.src_uri).parent)
        return f"{link['text']}({way}{'#' + anchor if anchor else ''})"

    return rewrite_prose(markdown, lambda prose: LINK.sub(rewrite, prose))


def name_page(path: Path) -> str:
    """Where a file of the repository is in the site."""
    inside = path.relative_to(ROOT)
    if inside == Path(HOME):
        return "index.md"
    return (inside.relative_to("docs") if inside.parts[0] == "docs" else inside).as_posix()


def find_links(page: Path, markdown: str) -> Iterator[Path]:
    """The files and folders of the repository that a page links to."""
    for link in LINK.finditer(BLOCK.sub("", markdown)):
        target = link["target"].partition("#")[0]
        if target and ":" not in target:
            yield find_target(page, target)


def find_target(page: Path, target: str) -> Path:
    """The file that a relative link of a page means, links of the file system not followed."""
    return Path(os.path.normpath(page.parent / target))


def rewrite_prose(markdown: str, rewrite: Callable[[str], str]) -> str:
    """A page whose text outside of its blocks of code is rewritten."""
    kept, at = [], 0
    for block in BLOCK.finditer(markdown):
        kept += [rewrite(markdown[at : block.start()]), block[0]]
        at = block.end()
    return "".join([*kept, rewrite(markdown[at:])])

"""An index of all studies of a folder: question, answer, date and link, a line each.

It reads what the reports have written down of themselves, and no store.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hhexp.analysis.report.content import Content
from hhexp.analysis.report.rendering import make_environment, show_controls
from hhexp.analysis.study import Study
from hhexp.analysis.study_file import FILE, read_study
from hhexp.atomic import replace_file
from hhexp.errors import UserError
from hhexp.reading import damaged, parse_json, read_bytes

ANSWER = "answer.json"
"""Beside a report's page: what an index says of it."""
PAGE = "index.html"


class Summary(BaseModel):
    """What a report wrote down of itself."""

    model_config = ConfigDict(strict=True)

    answer: list[str]
    date: str
    """Of its newest run."""
    runs: int


@dataclass(frozen=True)
class Entry:
    """A study of the index."""

    study: Study
    link: str
    """To its report, from the folder; empty where it has none."""
    summary: Summary | None


def write_summary(content: Content) -> str:
    """What a report writes down of itself, as JSON."""
    said = {
        "answer": content.answer,
        "date": content.dates.rpartition(" ")[2],
        "runs": len(content.results.all),
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def find_entries(folder: Path) -> list[Entry]:
    """The studies of a folder, by their names.

    Raises:
        UserError: there is none, or a file of one is damaged.
    """
    files = sorted(folder.glob(f"*/{FILE}"))
    if not files:
        raise UserError(f"--index {folder}: has no study (a folder with {FILE})")
    return [_read_entry(folder, file) for file in files]


def write_index(folder: Path) -> Path:
    """Write the index of a folder's studies into it, and give its page.

    Raises:
        UserError: it has no study, or cannot be written.
    """
    environment = make_environment({"autoescape": True, "finalize": show_controls})
    text = environment.get_template("index.html.j2").render(entries=find_entries(folder))
    try:
        with replace_file(folder / PAGE) as unfinished:
            unfinished.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"--index {folder}: {error.strerror or error}") from error
    return folder / PAGE


def _read_entry(folder: Path, file: Path) -> Entry:
    report = file.parent / "report"
    page = report / "report.html"
    link = page.relative_to(folder).as_posix() if page.is_file() else ""
    noted = report / ANSWER
    if not noted.is_file():
        return Entry(read_study(file), link, None)
    try:
        summary = Summary.model_validate(parse_json(read_bytes(noted).decode()))
    except ValueError as error:
        raise damaged(str(noted), error) from error
    return Entry(read_study(file), link, summary)

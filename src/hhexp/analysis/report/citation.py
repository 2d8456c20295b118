"""How to cite the runs of a report."""

import re
from dataclasses import dataclass

from hhexp import __version__
from hhexp.analysis.registration import find_registrations
from hhexp.analysis.results import Results
from hhexp.tracking.tags import DATA_FINGERPRINT, VERSION

SPECIAL = re.compile(r"[\\{}%$&#_~^]")
"""What BibTeX and LaTeX give a meaning."""


@dataclass(frozen=True)
class Citation:
    """What a paper needs to name these runs."""

    paragraph: str
    bibtex: str


def cite(results: Results) -> Citation:
    """A paragraph on the runs, with what identifies them, and an entry for BibTeX.

    The entry has no author: who trained the runs adds it.
    """
    year = max(result.run.start for result in results.all).year
    count = len(results.all)
    runs = f"{count} run{'' if count == 1 else 's'}"
    versions = sorted({each.run.tags.get(VERSION, __version__) for each in results.all})
    made = f"hhexp {', '.join(versions)}"
    parts = [f"{results.title}: {runs} trained with {made}."]
    marks = [made, runs]
    data = sorted({each.run.tags.get(DATA_FINGERPRINT, "") for each in results.all} - {""})
    if len(data) == 1:
        parts.append(f"The images and labels have the SHA-256 {data[0]}.")
        marks.append(f"data {data[0][:16]}")
    if results.study and (found := find_registrations(results.store, results.study.name)):
        parts.append(
            f"The claims and the plan of seeds were registered on {found[0].when:%Y-%m-%d}; what "
            f"is judged has the SHA-256 {found[-1].sha256}."
        )
        marks.append(f"registered {found[-1].sha256[:16]}")
    parts.append(
        "Each run is named by its ID in tables/runs.csv, and python -m hhexp.reproduce ID trains "
        "it again."
    )
    name = re.sub(r"\W+", "_", results.study.name if results.study else results.selection).strip(
        "_"
    )
    entry = (
        f"@misc{{hhexp_{name[:60].lower()}_{year},\n"
        f"  title = {{{{{_escape(results.title)}}}}},\n"
        f"  year = {{{year}}},\n"
        f"  note = {{{_escape('; '.join(marks))}}}\n"
        "}\n"
    )
    return Citation(" ".join(parts), entry)


def _escape(text: str) -> str:
    """A text in which BibTeX and LaTeX see no command."""
    return SPECIAL.sub(lambda found: "\\" + found[0] if found[0] in "{}%$&#_" else " ", text)

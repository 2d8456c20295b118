"""The report: one self-contained page, the same as Markdown, tables and figures."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hhexp.analysis.claims import ClaimVerdict
from hhexp.analysis.report.content import gather
from hhexp.analysis.report.files import PAGE, build, publish
from hhexp.analysis.report.heat import make_overlay
from hhexp.analysis.report.index import write_index
from hhexp.analysis.report.pictures import Overlay
from hhexp.analysis.results import Results
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, Trusted
from hhexp.tracking.run import TrackedRun

__all__ = ["Report", "check_writable", "make_overlay", "write", "write_index"]


@dataclass(frozen=True)
class Report:
    """A report that was written."""

    page: Path
    verdicts: Sequence[ClaimVerdict]
    """On the claims that it judges."""
    answer: Sequence[str]
    """The answer in plain words, a line for each sentence; none where there are no claims."""


def check_writable(output: Path) -> None:
    """Check that a report can be written into a folder, before hours of training for it.

    Raises:
        UserError: it cannot.
    """
    there = next(each for each in (output, *output.absolute().parents) if each.exists())
    if not there.is_dir():
        raise UserError(f"{there}: not a folder, so no report can be written there")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UserError(f"{there}: no report can be written there: {error.strerror}") from error


def write(
    results: Results,
    output: Path,
    overlay: Overlay | None = None,
    trusted: Trusted = NOTHING,
) -> Report:
    """Write a report into a folder, and log it on the sweep's own run where there is one.

    Args:
        results: the runs.
        output: the folder, created if it does not exist.
        overlay: what to lay over the images of the sheets.
        trusted: what the person has named of what the runs' records name.

    Raises:
        UserError: the folder cannot be written.
    """
    content = gather(results, overlay, trusted)
    with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
        built = Path(temporary, "report")
        built.mkdir()
        build(content, built)
        try:
            publish(built, output)
        except OSError as error:
            raise UserError(f"--output {output}: {error.strerror or error}") from error
        if results.sweep:
            TrackedRun(results.store, results.sweep.run_id).log_file(built)
    return Report(output / PAGE, content.verdicts, content.answer)

"""The report: one self-contained page, the same as Markdown, tables and figures."""

import tempfile
from pathlib import Path

from hhexp.analysis.claims import judge_claims
from hhexp.analysis.predictions import read_predictions
from hhexp.analysis.report.answer import answer
from hhexp.analysis.report.content import gather
from hhexp.analysis.report.files import PAGE, build, publish
from hhexp.analysis.report.heat import make_overlay
from hhexp.analysis.report.index import write_index
from hhexp.analysis.report.pictures import Overlay
from hhexp.analysis.results import Results
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, Trusted
from hhexp.tracking.run import TrackedRun

__all__ = ["make_overlay", "tell", "write", "write_index"]


def write(
    results: Results,
    output: Path,
    overlay: Overlay | None = None,
    trusted: Trusted = NOTHING,
) -> Path:
    """Write a report into a folder, and log it on the sweep's own run where there is one.

    Args:
        results: the runs.
        output: the folder, created if it does not exist.
        overlay: what to lay over the images of the sheets.
        trusted: what the person has named of what the runs' records name.

    Returns:
        the page.

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
    return output / PAGE


def tell(results: Results) -> list[str]:
    """The answer in plain words, a line for each sentence; none where there are no claims."""
    if results.study is None:
        return []
    return answer(results.study, judge_claims(results, read_predictions(results)))

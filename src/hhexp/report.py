"""``python -m hhexp.report``: writes a report on runs, as one page."""

import argparse
import sys
from pathlib import Path

from hhexp.console import entry
from hhexp.json_document import print_document
from hhexp.options import add_json, add_tracking_uri, add_trusted


@entry
def main(argv: list[str] | None = None) -> int:
    """Write the report of the runs that the arguments select."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if (options.selection is None) == (options.index is None):
        parser.error("give what to report on, or --index FOLDER")
    from hhexp.analysis import report
    from hhexp.analysis.caution import say_what_is_open
    from hhexp.analysis.description import write_description
    from hhexp.analysis.frame import tabulate_claims
    from hhexp.analysis.overview import tag_verdicts
    from hhexp.analysis.selection import select
    from hhexp.config.registry import import_modules
    from hhexp.experiment import Trusted
    from hhexp.terminal import say
    from hhexp.tracking.notes import describe_run
    from hhexp.tracking.store import Store

    if options.index:
        say(f"The index: {report.write_index(options.index)}")
        return 0
    import_modules(options.modules)
    with print_document(options.json) as document:
        results = select(Store.resolve(options.tracking_uri), options.selection, options.study)
        overlay = report.make_overlay(results) if options.gradcam else None
        trusted = Trusted(tuple(options.modules), tuple(options.addresses), options.data_root)
        written = report.write(results, options.output, overlay, trusted)
        if sweep := results.sweep:
            said = say_what_is_open(results)
            text = write_description(results, sweep, written.verdicts, said, has_report=True)
            describe_run(results.store, sweep, text)
            tag_verdicts(results, sweep.run_id, written.verdicts)
        count = len(results.all)
        say(f"The report of {count} run{'' if count == 1 else 's'}: {written.page}")
        if not results.search:
            for note in results.tuned:
                say(f"warning: {note}")
        for line in written.answer:
            say(line)
        claims = tabulate_claims(written.verdicts)
        known = claims.astype(object).where(claims.notna(), None).to_dict("records")
        document |= {"page": written.page, "runs": count, "claims": known}
        return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="hhexp.report",
        description="Write a report on a sweep, a study or any runs: one self-contained page "
        "(report.html), the same as Markdown, tables as CSV, charts as SVG, pictures as PNG.",
    )
    parser.add_argument(
        "selection",
        nargs="?",
        help="a sweep's ID or its first digits, a study (its folder or its name in experiments/), "
        "or a filter in MLflow's search language, such as \"params.aug = 'full'\"",
    )
    parser.add_argument(
        "--index",
        type=Path,
        metavar="FOLDER",
        help="write index.html into a folder of studies instead: the question, the answer, the "
        "date and a link of each, from its report",
    )
    parser.add_argument(
        "--study", help="check the claims of this study with the runs of a sweep or a filter"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("report"), help="folder to write to; default: report"
    )
    parser.add_argument(
        "--gradcam",
        action="store_true",
        help="colour the regions that speak for the predicted class (Grad-CAM; starts TensorFlow)",
    )
    add_trusted(parser)
    add_tracking_uri(parser)
    add_json(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())

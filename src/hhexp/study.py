"""``python -m hhexp.study``: answers a study: trains, judges, and writes its report."""

import argparse
import sys

from hhexp.console import entry


@entry
def main(argv: list[str] | None = None) -> int:
    """Train what a study lacks until its claims are decided, and write its report.

    Returns:
        0, or 1 where a run failed.
    """
    options = build_parser().parse_args(argv)
    from hhexp.analysis import report
    from hhexp.analysis.study_file import read_study, require_study_file
    from hhexp.config.catalogue import read_catalogue
    from hhexp.display import console
    from hhexp.inquiry.budget import Budget, read_duration
    from hhexp.inquiry.conduct import Inquiry
    from hhexp.inquiry.forecast import describe_reach, explain

    file = require_study_file(options.name)
    study, catalogue, shown = read_study(file), read_catalogue(), console()
    budget = Budget(None if options.budget is None else read_duration(options.budget))
    if options.explain:
        explain(study, file, catalogue, shown)
        return 0
    if study.claims:
        shown.print(describe_reach(study), soft_wrap=True)
    output = file.parent / "report"
    report.check_writable(output)
    inquiry = Inquiry(study, file, catalogue, shown)
    results = inquiry.conduct(budget)
    if results is not None:
        written = report.write(results, output)
        for line in (f"\nThe report: {written.page}", *written.answer):
            inquiry.say(line)
    return 1 if inquiry.failed else 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="hhexp.study",
        description="Answer a study: train what is missing, judge its claims at each look of its "
        "plan, stop when all primary claims are decided, and write the report into its folder. If "
        "it is stopped, the same command goes on.",
    )
    parser.add_argument("name", help="a study: its folder, or its name in experiments/")
    parser.add_argument(
        "--budget", help="how long it may train, such as 2h, 90m or 1h30m; default: until it ends"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show what it would do and how long that takes; train nothing",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

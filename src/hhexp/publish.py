"""``python -m hhexp.publish RUN_ID… --study NAME``: write runs as text files to commit."""

import argparse
import sys
from pathlib import Path

from hhexp.console import entry
from hhexp.options import add_tracking_uri


@entry
def main(argv: list[str] | None = None) -> int:
    """Write each run's record as ``experiments/<study>/runs/<run ID>.yaml``."""
    words = build_parser().parse_args(argv)
    from hhexp.reproduction import published
    from hhexp.reproduction.doubts import find_doubts
    from hhexp.reproduction.record import from_store
    from hhexp.terminal import Terminal
    from hhexp.tracking.answers import find_sweep_runs
    from hhexp.tracking.query import find_run
    from hhexp.tracking.store import Store

    runs = published.runs_folder(words.experiments, words.study)
    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    named = [
        run_id for prefix in words.run_id for run_id in find_sweep_runs(store, prefix) or [prefix]
    ]
    records = [from_store(store, find_run(store, run_id)) for run_id in dict.fromkeys(named)]
    for record in records:
        file = published.write(record, runs)
        console.print(f"{record.name}: {file}")
        for doubt in find_doubts(store, record):
            console.print(f"  warning: {doubt}")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        "hhexp.publish",
        description="Write into a study's folder what is needed to reproduce runs, without weights "
        "or images, so that you can commit it: one file per run, and shared parts once in shared/.",
    )
    parser.add_argument("run_id", nargs="+", help="IDs of runs or sweeps, or their first digits")
    parser.add_argument("--study", required=True, help="the name of the study's folder")
    add_tracking_uri(parser)
    parser.add_argument(
        "--experiments",
        type=Path,
        default=Path("experiments"),
        help="the folder with the studies; default: experiments",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

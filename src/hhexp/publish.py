"""``python -m hhexp.publish RUN_ID… --study NAME``: put runs on record as small text files."""

import argparse
import sys
from pathlib import Path

from hhexp.console import entry
from hhexp.options import add_tracking_uri


@entry
def main(argv: list[str] | None = None) -> int:
    """Write runs' provenance, metrics and hashes into ``experiments/<study>/runs/<run ID>/``."""
    words = _parser().parse_args(argv)
    from rich.console import Console

    from hhexp.reproduction.record import from_store, write
    from hhexp.tracking.query import find_run, sweep_runs
    from hhexp.tracking.store import Store

    console = Console(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    named = [run_id for prefix in words.run_id for run_id in sweep_runs(store, prefix) or [prefix]]
    recorded = [from_store(store, find_run(store, run_id)) for run_id in dict.fromkeys(named)]
    for each in recorded:
        folder = write(each, words.experiments / words.study / "runs")
        size = sum(file.stat().st_size for file in folder.iterdir())
        console.print(f"{each.name}: {folder}, {size / 1000:.0f} kB", highlight=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "hhexp.publish",
        description="Write what is needed to reproduce runs, without weights or images, into a "
        "study's folder, to be committed.",
    )
    parser.add_argument("run_id", nargs="+", help="runs or sweeps; unique prefixes will do")
    parser.add_argument("--study", required=True, help="the study's name, a folder's")
    add_tracking_uri(parser)
    parser.add_argument(
        "--experiments", type=Path, default=Path("experiments"), help="the folder of the studies"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""``python -m hhexp.diff RUN RUN``: what differs between two runs, and their numbers."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_json, add_published, add_tracking_uri

if TYPE_CHECKING:
    from hhexp.reproduction.record import Record
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store

MOST = 30
"""Differences that are shown, unless all are wanted."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Show what differs between two runs.

    Returns:
        0 where nothing differs, 1 where something does.
    """
    words = build_parser().parse_args(argv)
    with print_document(words.json) as document:
        return _compare(words, document)


def _compare(words: argparse.Namespace, document: dict[str, Any]) -> int:
    """Show what differs, and put it into the document; the exit status."""
    from hhexp.reproduction.doubts import find_doubts
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store

    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    store.prepare()
    one, other = (_find_one(store, run_id, words.published) for run_id in words.runs)
    document["runs"] = []
    for record in (one, other):
        _print_title(record, console)
        doubts = find_doubts(store, record)
        for doubt in doubts:
            console.print(f"The record of run {record.run_id[:8]} is doubtful: {doubt}")
        document["runs"].append(_describe_record(record, doubts))
    made = _show_provenance(one, other, console, whole=words.all)
    document |= made
    document["equal"] = _show_numbers(one, other, console)
    return int(bool(made["differences"] or made["patches"]) or not document["equal"])


def _describe_record(record: "Record", doubts: "Sequence[str]") -> dict[str, Any]:
    """A run as the document has it, with the metrics of its last epoch."""
    return {
        "run_id": record.run_id,
        "name": record.name,
        "where": record.where,
        "doubts": doubts,
        "epochs": len(record.epochs),
        "metrics": record.epochs[-1].metrics if record.epochs else {},
        "weights": record.epochs[-1].weights if record.epochs else None,
    }


def _find_one(store: "Store", run_id: str, experiments: Path) -> "Record":
    from hhexp.reproduction.find import find
    from hhexp.tracking.answers import find_sweep_runs

    if members := find_sweep_runs(store, run_id):
        names = ", ".join(member[:8] for member in members[:4])
        more = f" and {len(members) - 4} more" if len(members) > 4 else ""
        raise UserError(f"{run_id} is a sweep: give one of its runs: {names}{more}")
    return find(store, run_id, experiments)


def _print_title(record: "Record", console: "Terminal") -> None:
    console.print(f"{record.run_id[:8]}  {record.name}, from {record.where}")


def _show_provenance(
    one: "Record", other: "Record", console: "Terminal", *, whole: bool
) -> dict[str, Any]:
    """Show how two runs were made differently, and return it."""
    from hhexp.reproduction.difference import (
        find_differences,
        list_uncompared,
        tabulate_differences,
    )
    from hhexp.reproduction.patches import describe_patches

    titles = one.run_id[:8], other.run_id[:8]
    found = find_differences(one.provenance, other.provenance)
    if found:
        most = len(found) if whole else MOST
        console.print(tabulate_differences(found, titles, most))
    patches = describe_patches(one.files, other.files, titles, whole=whole)
    for text in patches:
        console.print(text)
    missing = list_uncompared(one.provenance, other.provenance)
    if missing:
        console.print(f"Not compared, as not both runs have it on record: {', '.join(missing)}")
    if not found and not patches:
        console.print("They were made in the same way, as far as it is on record.")
    return {"differences": found, "patches": patches, "not_compared": missing}


def _show_numbers(one: "Record", other: "Record", console: "Terminal") -> bool:
    """Show two runs' numbers; whether all are the same."""
    from hhexp.reproduction.numbers import (
        are_equal,
        describe_first_difference,
        tabulate_numbers,
    )

    console.print(tabulate_numbers(one, other))
    console.print(describe_first_difference(one, other))
    return are_equal(one, other)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        "hhexp.diff",
        description="Show what differs between two runs: configuration, code with its uncommitted "
        "changes, packages, data, machine and environment, and their numbers side by side. The "
        "exit status is 0 where nothing differs, 1 where something does, 2 for an error.",
    )
    parser.add_argument(
        "runs",
        nargs=2,
        metavar="RUN",
        help="a run in the store or a published one; a unique prefix will do",
    )
    add_tracking_uri(parser)
    add_published(parser)
    add_json(parser)
    parser.add_argument(
        "--all", action="store_true", help="show every difference, and every line of the patches"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

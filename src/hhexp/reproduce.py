"""``python -m hhexp.reproduce RUN_ID``: train a run again, and say if its numbers came back."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_json, add_published, add_tracking_uri, add_trusted

if TYPE_CHECKING:
    from hhexp.reproduction.record import Record
    from hhexp.reproduction.retrain import Reproduction
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store


@entry
def main(argv: list[str] | None = None) -> int:
    """Reproduce a run, or all runs of a sweep.

    Returns:
        0 for exact, 3 for within tolerance, 4 for diverged, 5 for a record whose parts disagree,
        1 where a training failed.
    """
    words = build_parser().parse_args(argv)
    here = words.code == words.packages == "current" and words.bisect is None
    if words.json and not here:
        raise UserError("--json: leave out --code, --packages and --bisect")
    with print_document(words.json) as document:
        return _reproduce(words, document)


def _reproduce(words: argparse.Namespace, document: dict[str, Any]) -> int:
    """Reproduce, and put the verdicts into the document; the exit status."""
    from hhexp.reproduction.find import find
    from hhexp.terminal import Terminal
    from hhexp.tracking.answers import find_sweep_runs
    from hhexp.tracking.store import Store

    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    store.prepare()
    members = find_sweep_runs(store, words.run_id)
    records = [find(store, run_id, words.published) for run_id in (members or [words.run_id])]
    doubts = _name_doubts(records, store, console)
    status = _reproduce_elsewhere(words, records, store, console)
    if status is not None:
        return status
    prepared = _prepare(words, records, doubts, console)
    document["runs"] = [_describe_change(each) for each in prepared]
    if words.dry_run:
        return 0
    if words.bisect is None:
        return _reproduce_here(words, prepared, store, console, document)
    if len(prepared) > 1:
        raise UserError(f"--bisect: {words.run_id} is a sweep: give one of its runs")
    from hhexp.reproduction.bisect import bisect

    return bisect(prepared[0], words.bisect, store, console)


def _name_doubts(
    records: "Sequence[Record]", store: "Store", console: "Terminal"
) -> list[tuple[str, ...]]:
    """Print what speaks against each record, and return it."""
    from hhexp.reproduction.doubts import find_doubts

    doubts = [tuple(find_doubts(store, record)) for record in records]
    for record, found in zip(records, doubts, strict=True):
        for doubt in found:
            said = f"The record of run {record.run_id[:8]} is doubtful: {doubt}"
            console.print(said)
    return doubts


def _reproduce_elsewhere(
    words: argparse.Namespace, records: "Sequence[Record]", store: "Store", console: "Terminal"
) -> int | None:
    """Reproduce with recorded code or packages, in other processes; None where this one serves."""
    from hhexp.reproduction import packages, worktree
    from hhexp.reproduction.elsewhere import Elsewhere

    consent, pythons = words.run_recorded_code, {}
    if words.packages == "recorded":
        pythons = packages.provide(
            records, console, code=words.code, consent=consent, dry_run=words.dry_run
        )
    elsewhere = Elsewhere(store, _forward_words(words), pythons)
    if words.code == "recorded":
        if words.dry_run:
            return worktree.show(records, console)
        return worktree.run(records, elsewhere, console, consent=consent)
    return elsewhere.run(records) if set(pythons.values()) - {sys.executable} else None


def _prepare(
    words: argparse.Namespace,
    records: "Sequence[Record]",
    doubts: "Sequence[Sequence[str]]",
    console: "Terminal",
) -> "list[Reproduction]":
    """Prepare the jobs, and print what has changed and what to expect."""
    from hhexp.experiment import Trusted
    from hhexp.reproduction.difference import find_differences, tabulate_differences
    from hhexp.reproduction.expectation import describe_expectation
    from hhexp.reproduction.retrain import prepare_reproduction

    trusted = Trusted(tuple(words.modules), tuple(words.addresses), words.data_root)
    prepared = [
        prepare_reproduction(record, found, epochs=words.epochs, trusted=trusted)
        for record, found in zip(records, doubts, strict=True)
    ]
    for each in prepared:
        said = f"run {each.record.run_id} from {each.record.where}"
        console.print(said)
        if differences := find_differences(each.record.provenance, each.provenance):
            console.print(tabulate_differences(differences, ("then", "now")))
        for line in describe_expectation(each):
            console.print(line)
    return prepared


def _describe_change(each: "Reproduction") -> dict[str, Any]:
    """A run as the document has it, before it is trained again."""
    from hhexp.reproduction.difference import find_differences

    return {
        "run_id": each.record.run_id,
        "where": each.record.where,
        "doubts": each.doubts,
        "differences": find_differences(each.record.provenance, each.provenance),
        "moved": each.moved,
    }


def _reproduce_here(
    words: argparse.Namespace,
    prepared: "Sequence[Reproduction]",
    store: "Store",
    console: "Terminal",
    document: dict[str, Any],
) -> int:
    """Train the runs again and print the verdicts; the exit status."""
    from hhexp.reproduction.expectation import explain_difference
    from hhexp.reproduction.retrain import choose_exit_status, reproduce

    verdicts = reproduce(
        prepared, store, console, tolerance=words.tolerance, experiments=words.published
    )
    for known, each, verdict in zip(document["runs"], prepared, verdicts, strict=True):
        known["verdict"] = verdict
        said = str(verdict) if verdict else "the training failed"
        console.print(f"{each.record.run_id[:8]} {said}")
        if verdict and verdict.first:
            console.print(explain_difference(each))
    return choose_exit_status(verdicts)


def _forward_words(words: argparse.Namespace) -> list[str]:
    """The words of the command that another process gets."""
    given: list[str] = []
    for flag in ("epochs", "tolerance", "data_root"):
        if (value := getattr(words, flag)) is not None:
            given += [f"--{flag.replace('_', '-')}", str(value)]
    for flag in ("modules", "addresses"):
        if values := getattr(words, flag):
            given += [f"--{flag}", *values]
    if words.bisect is not None:
        given += ["--bisect", *words.bisect]
    return given


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        "hhexp.reproduce",
        description="Train a run again from nothing and say whether its numbers came back: exact "
        "(exit status 0), within tolerance (3) or diverged (4); 5 where parts of its record "
        "disagree, with each other or with the store.",
    )
    parser.add_argument(
        "run_id", help="a run, a sweep, or a published run; a unique prefix will do"
    )
    add_tracking_uri(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what differs, train nothing; with --code or --packages recorded show what would "
        "be run and installed",
    )
    parser.add_argument("--epochs", type=int, help="check the first so many epochs only")
    parser.add_argument(
        "--tolerance",
        type=float,
        help="how far the last metrics may be off; default: the 95 %% prediction interval of the "
        "same run with four or more other seeds, in the store or published; with fewer seeds 0.05 "
        "for accuracy and recall and 0.5 for losses",
    )
    add_trusted(parser)
    parser.add_argument(
        "--bisect",
        nargs="*",
        metavar="KEY=VALUE",
        help="find the first training step that differs: from the record's, where it was trained "
        "with state.trace=true, or between two settings of this machine, such as "
        "runtime.isa=avx2 (against the recorded one) or runtime.isa=avx2,sse41",
    )
    parser.add_argument(
        "--code",
        choices=("current", "recorded"),
        default="current",
        help="the code to train with: what is here, or the recorded commit with its changes",
    )
    parser.add_argument(
        "--packages",
        choices=("current", "recorded"),
        default="current",
        help="the packages to train with: what is here, or the recorded versions, which uv "
        "installs into a folder of the cache",
    )
    parser.add_argument(
        "--run-recorded-code",
        action="store_true",
        help="consent to running the code that --code recorded takes from the store, and that of "
        "the packages that --packages recorded installs",
    )
    add_published(parser)
    add_json(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())

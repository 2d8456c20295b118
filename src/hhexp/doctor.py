"""``python -m hhexp.doctor``: look at this machine, and after a store."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_json, add_tracking_uri

if TYPE_CHECKING:
    from hhexp.terminal import Terminal
    from hhexp.tracking.examination import Remedy
    from hhexp.tracking.store import Store


@entry
def main(argv: list[str] | None = None) -> int:
    """Say what was left behind, is damaged or takes up room, and mend what the person confirms."""
    words = build_parser().parse_args(argv)
    with print_document(words.json) as document:
        return _look_after(words, document)


def _look_after(words: argparse.Namespace, document: dict[str, Any]) -> int:
    """Say and mend, and put what was found into the document; the exit status."""
    from hhexp.launching.checkup import describe_machine
    from hhexp.terminal import Terminal
    from hhexp.tracking.examination import choose_failed, choose_pruning, examine
    from hhexp.tracking.pruning import read_shelf
    from hhexp.tracking.store import Store

    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    if words.send:
        return _send(store, console, document)
    document["machine"] = list(describe_machine())
    for line in (*document["machine"], f"store: {store}"):
        console.print(line)
    shelf = read_shelf(store)
    findings = list(examine(store, shelf, wholly=words.wholly))
    document["store"] = str(store)
    for finding in findings:
        document |= finding.facts
        for line in finding.lines:
            console.print(line)
    remedies = [finding.remedy for finding in findings if words.mend and finding.remedy]
    if words.mend and not remedies:
        console.print("nothing to mend")
    if words.prune:
        pruning = choose_pruning(store, shelf, words.budget_gb)
        if pruning is None:
            console.print("nothing to delete")
        else:
            remedies.append(pruning)
    if words.delete_failed:
        deletion = choose_failed(store)
        if deletion is None:
            console.print("no failed runs")
        else:
            remedies.append(deletion)
    document["done"] = _apply(remedies, console, agreed=words.yes)
    return 0


def _send(store: "Store", console: "Terminal", document: dict[str, Any]) -> int:
    """Send what waits on this machine for a store that was away."""
    from hhexp.tracking.leftover import send_left
    from hhexp.tracking.outbox import list_waiting

    sent = send_left(store)
    console.print(f"sent {sent} entries that waited" if sent else "nothing waits to be sent")
    refused = [waiting for waiting in list_waiting(store) if waiting.refused is not None]
    for waiting in refused:
        console.print(
            f"run {waiting.run_id}: refused: {waiting.refused}; what waits is in "
            f"{waiting.folder}: delete the folder if you do not need it"
        )
    document |= {"sent": sent, "refused": {each.run_id: each.refused for each in refused}}
    return 1 if refused else 0


def _apply(remedies: "list[Remedy]", console: "Terminal", *, agreed: bool) -> list[str]:
    """Do what the person agrees to, and say what was done.

    Raises:
        UserError: nobody can be asked; or the person agreed to nothing.
    """
    from rich.prompt import Confirm

    if remedies and not agreed and not sys.stdin.isatty():
        what = "; ".join(remedy.what for remedy in remedies)
        raise UserError(f"this would {what}; agree with --yes")
    done = []
    for remedy in remedies:
        if agreed or Confirm.ask(
            f"{remedy.what[0].upper()}{remedy.what[1:]}?", console=console, default=False
        ):
            done.append(remedy.apply())
            console.print(done[-1])
    if remedies and not done:
        raise UserError("nothing was changed")
    return done


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        "hhexp.doctor",
        description="Show what this machine is to hhexp, which runs were left behind, which "
        "training states are damaged and what they take up. Mend it with --mend, and delete states "
        "with --prune: runs, metrics and models stay, and a run that did not finish keeps the "
        "state that it needs.",
    )
    parser.add_argument(
        "--mend",
        action="store_true",
        help="end the runs and sweeps that no process trains any more, and delete damaged states",
    )
    parser.add_argument(
        "--wholly",
        action="store_true",
        help="read all states and compare their SHA-256, not only their sizes",
    )
    parser.add_argument(
        "--prune",
        action="store_true",
        help="delete the states on the way of runs, or as many as --budget-gb asks for",
    )
    parser.add_argument(
        "--budget-gb",
        type=_read_budget,
        metavar="GB",
        help="with --prune: delete the oldest states until all of them take no more than this",
    )
    parser.add_argument(
        "--send",
        action="store_true",
        help="send the metrics and artifacts that wait on this machine, as the store was away",
    )
    parser.add_argument(
        "--delete-failed",
        action="store_true",
        help="delete the runs that failed; those that were interrupted stay",
    )
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    add_tracking_uri(parser)
    add_json(parser)
    return parser


def _read_budget(text: str) -> float:
    try:
        budget = float(text)
    except ValueError:
        budget = -1
    if not 0 <= budget < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be a number ≥ 0")
    return budget


if __name__ == "__main__":
    sys.exit(main())

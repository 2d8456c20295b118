"""``python -m hhexp.doctor``: look after a store."""

import argparse
import sys
from typing import TYPE_CHECKING

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import add_tracking_uri

if TYPE_CHECKING:
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store


@entry
def main(argv: list[str] | None = None) -> int:
    """Say what the saved states take up, and delete those that the person lets go."""
    words = _build_parser().parse_args(argv)
    from rich.prompt import Confirm

    from hhexp.terminal import Terminal
    from hhexp.tracking.pruning import GB, choose_to_drop, count_bytes, read_shelf
    from hhexp.tracking.states import drop_states
    from hhexp.tracking.store import Store
    from hhexp.tracking.waiting import find_root, list_waiting

    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    if words.send:
        return _send(store, console)
    if waiting := list_waiting(store):
        console.print(f"{len(waiting)} runs have metrics and artifacts that wait in {find_root()}")
    shelf = read_shelf(store)
    for states, purpose in (
        (shelf.needed, "of runs that did not finish, which go on from them"),
        (shelf.branches, "on the way of a run, where other runs can leave it"),
        (shelf.ends, "at the end of finished runs, which longer runs can continue"),
    ):
        console.print(f"{len(states)} states, {count_bytes(states) / GB:.2f} GB: {purpose}")
    if not words.prune:
        return 0
    if words.budget_gb is None:
        chosen = shelf.branches
    else:
        chosen = choose_to_drop(shelf, int(words.budget_gb * GB))
    if not chosen:
        console.print("nothing to delete")
        return 0
    what = f"{len(chosen)} states, {count_bytes(chosen) / GB:.2f} GB"
    if not words.yes and not sys.stdin.isatty():
        raise UserError(f"this would delete {what}; agree with --yes")
    if not words.yes and not Confirm.ask(f"Delete {what}?", console=console, default=False):
        raise UserError("nothing was deleted")
    drop_states(store, chosen)
    console.print(f"deleted {what}")
    return 0


def _send(store: "Store", console: "Terminal") -> int:
    """Send what waits on this machine for a store that was away."""
    from hhexp.tracking.journal import send_left
    from hhexp.tracking.waiting import list_waiting

    sent = send_left(store)
    console.print(f"sent {sent} entries that waited" if sent else "nothing waits to be sent")
    refused = [waiting for waiting in list_waiting(store) if waiting.refused is not None]
    for waiting in refused:
        console.print(
            f"run {waiting.run_id}: refused: {waiting.refused}; what waits is in "
            f"{waiting.folder}: delete the folder if you do not need it"
        )
    return 1 if refused else 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "hhexp.doctor",
        description="Show what the saved training states take up, and delete some with --prune. "
        "Runs, metrics and models stay; a run that did not finish keeps the state that it needs.",
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
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    add_tracking_uri(parser)
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

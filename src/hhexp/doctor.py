"""``python -m hhexp.doctor``: look after a store."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_json, add_tracking_uri

if TYPE_CHECKING:
    from hhexp.terminal import Terminal
    from hhexp.tracking.pruning import Shelf
    from hhexp.tracking.states import SavedState
    from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Remedy:
    """Something that a person can let the doctor do."""

    what: str
    """What is to be done, such as "delete 3 states"."""
    apply: Callable[[], str]
    """Does it, and says what was done."""


@dataclass(frozen=True)
class Finding:
    """What one examination of the store found."""

    lines: tuple[str, ...]
    remedy: Remedy | None = None
    """None where there is nothing to mend."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Say what was left behind, is damaged or takes up room, and mend what the person confirms."""
    words = _build_parser().parse_args(argv)
    with print_document(words.json) as document:
        return _look_after(words, document)


def _look_after(words: argparse.Namespace, document: dict[str, Any]) -> int:
    """Say and mend, and put what was found into the document; the exit status."""
    from hhexp.terminal import Terminal
    from hhexp.tracking.pruning import read_shelf
    from hhexp.tracking.store import Store

    console = Terminal(soft_wrap=True)
    store = Store.resolve(words.tracking_uri)
    if words.send:
        return _send(store, console, document)
    shelf = read_shelf(store)
    findings = list(_examine(store, shelf, wholly=words.wholly))
    document["store"] = str(store)
    for finding in findings:
        document |= finding.facts
        for line in finding.lines:
            console.print(line)
    remedies = [finding.remedy for finding in findings if words.mend and finding.remedy]
    if words.mend and not remedies:
        console.print("nothing to mend")
    if words.prune:
        pruning = _choose_pruning(store, shelf, words.budget_gb)
        if pruning is None:
            console.print("nothing to delete")
        else:
            remedies.append(pruning)
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


def _examine(store: "Store", shelf: "Shelf", *, wholly: bool) -> Iterator[Finding]:
    """All that is looked at, in the order in which it is said."""
    yield _examine_waiting(store)
    yield _examine_runs(store)
    yield _examine_states(store, shelf, wholly=wholly)
    yield _weigh_states(shelf)


def _examine_waiting(store: "Store") -> Finding:
    """What waits on this machine, as the store was away."""
    from hhexp.tracking.outbox import find_root, list_waiting

    waiting = list_waiting(store)
    facts = {"waiting": [each.run_id for each in waiting]}
    if not waiting:
        return Finding((), facts=facts)
    said = f"what was logged of {len(waiting)} runs waits in {find_root()}; --send sends it"
    return Finding((said,), facts=facts)


def _examine_runs(store: "Store") -> Finding:
    """What is RUNNING, and what of it no process trains any more."""
    from hhexp.tracking.abandoned import describe_abandoned, end_abandoned, find_left

    left = find_left(store)
    lines = [f"{len(left.alive)} runs and sweeps in training, {len(left.abandoned)} abandoned"]
    lines += [f"  {describe_abandoned(run)}" for run in left.abandoned]
    facts = {
        "in_training": [run.run_id for run in left.alive],
        "abandoned": [run.run_id for run in left.abandoned],
    }
    if not left.abandoned:
        return Finding(tuple(lines), facts=facts)

    def end() -> str:
        return f"ended {end_abandoned(store, left.abandoned)} abandoned runs and sweeps"

    what = f"end {len(left.abandoned)} abandoned runs and sweeps as KILLED"
    return Finding(tuple(lines), Remedy(what, end), facts)


def _examine_states(store: "Store", shelf: "Shelf", *, wholly: bool) -> Finding:
    """The states that nothing can continue from."""
    from hhexp.tracking.pruning import find_damaged

    damaged, away = find_damaged(store, shelf, wholly=wholly)
    compared = "compared by SHA-256" if wholly else "by their sizes; --wholly reads them"
    lines = [f"{len(damaged)} of {len(shelf.states)} states missing or damaged ({compared})"]
    lines += [f"  of run {state.run_id[:8]}, after epoch {state.epoch}" for state in damaged]
    if away:
        lines.append(
            f"  {len(away)} runs with states have no artifacts where the store says, such as run "
            f"{away[0][:8]} in {shelf.places[away[0]]}: is a disk not mounted, or the store moved?"
        )
    facts = {
        "damaged_states": [{"run_id": each.run_id, "epoch": each.epoch} for each in damaged],
        "runs_without_artifacts": away,
    }
    if not damaged:
        return Finding(tuple(lines), facts=facts)
    deletion = _make_deletion(store, damaged, f"{len(damaged)} damaged states")
    return Finding(tuple(lines), deletion, facts)


def _weigh_states(shelf: "Shelf") -> Finding:
    """What the states take up."""
    from hhexp.tracking.pruning import GB, count_bytes

    kinds = {
        "needed": (shelf.needed, "of runs that did not finish, which go on from them"),
        "branches": (shelf.branches, "on the way of a run, where other runs can leave it"),
        "ends": (shelf.ends, "at the end of finished runs, which longer runs can continue"),
    }
    return Finding(
        tuple(
            f"{len(states)} states, {count_bytes(states) / GB:.2f} GB: {purpose}"
            for states, purpose in kinds.values()
        ),
        facts={
            "states": {
                name: {"count": len(states), "bytes": count_bytes(states)}
                for name, (states, _) in kinds.items()
            }
        },
    )


def _choose_pruning(store: "Store", shelf: "Shelf", budget_gb: float | None) -> Remedy | None:
    """What ``--prune`` deletes; None for nothing."""
    from hhexp.tracking.pruning import GB, choose_to_drop, count_bytes

    chosen = shelf.branches if budget_gb is None else choose_to_drop(shelf, int(budget_gb * GB))
    what = f"{len(chosen)} states, {count_bytes(chosen) / GB:.2f} GB"
    return _make_deletion(store, chosen, what) if chosen else None


def _make_deletion(store: "Store", states: "list[SavedState]", what: str) -> Remedy:
    from hhexp.tracking.states import drop_states

    def delete() -> str:
        drop_states(store, states)
        return f"deleted {what}"

    return Remedy(f"delete {what}", delete)


def _apply(remedies: list[Remedy], console: "Terminal", *, agreed: bool) -> list[str]:
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


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "hhexp.doctor",
        description="Show which runs were left behind, which training states are damaged and what "
        "they take up. Mend it with --mend, and delete states with --prune: runs, metrics and "
        "models stay, and a run that did not finish keeps the state that it needs.",
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

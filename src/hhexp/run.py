"""``python -m hhexp.run``: train a run, or with ``-m`` each run of a sweep.

The module can be called: ``hhexp.run(["epochs=5"])`` trains from Python (``hhexp.interface.run``).
"""

import shutil
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from hhexp import __version__, interface
from hhexp.config.catalogue import write_help
from hhexp.console import entry
from hhexp.json_document import print_document
from hhexp.launching.words import order_words, read_options

if TYPE_CHECKING:
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store

JSON = "--json"
"""The flag that is not Hydra's."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Compose the configuration with Hydra, train what it describes, and print the results.

    Returns:
        0, or 1 where a run failed or what was logged could not be sent, or 2 where none could
        start.
    """
    given = sys.argv[1:] if argv is None else argv
    words = order_words([word for word in given if word != JSON])
    catalogue = read_options(words)
    if "--version" in words:
        print(f"hhexp {__version__}")
        return 0
    if {"-h", "--help"} & set(words):
        print(write_help(catalogue, min(100, shutil.get_terminal_size().columns)))
        return 0
    from hhexp.display import console

    with print_document(JSON in given) as document:
        shown = console()
        trained = interface.train_words(words, catalogue, shown)
        document |= {
            "store": str(trained.store) if trained.store else None,
            "sweep_id": trained.sweep_id,
            "runs": trained.rows,
            "failures": trained.failed,
            "best": trained.best,
            "cautions": trained.cautions,
            "unsent": trained.unsent,
        }
        return conclude(trained, shown)


def conclude(trained: interface.TrainedRuns, console: "Terminal") -> int:
    """Print the table of what was trained, what to do next, and the failures; the exit status."""
    from rich.text import Text

    from hhexp.analysis.terminal_table import render
    from hhexp.terminal import Terminal

    if trained.rows:
        console.print(render(trained.rows, "Results", console.width))
        lines, shown = [], trained.run_ids[-1]
        if trained.best:
            lines += ["", trained.best.text]
            shown = trained.best.run_id or shown
        if trained.cautions:
            lines += ["", *trained.cautions]
        lines.append(look_further(trained.sweep_id, shown))
        if trained.store and (page := locate(trained.store, trained.sweep_id or shown)):
            lines.append(f"\nIn MLflow's UI: {page}")
        console.print("\n".join(lines), soft_wrap=True)
    for failure in trained.failed:
        line = Text(f"{failure.status} {failure.key}: {failure.error}", "red")
        Terminal(stderr=True).print(line, soft_wrap=True)
    if trained.failed and not trained.run_ids:
        return 2
    return 1 if trained.failed or trained.unsent else 0


def locate(store: "Store", run_id: str) -> str | None:
    """The page of a run on the store's own server; None where it has none, or is away."""
    from hhexp.tracking import pages
    from hhexp.tracking.outages import is_away
    from hhexp.tracking.query import find_runs

    if not (server := pages.locate_server(store)):
        return None
    try:
        (run,) = find_runs(store, [run_id])
    except Exception as error:
        if not is_away(error):
            raise
        return None
    return f"{server}/{pages.locate_run(run)}"


def look_further(sweep_id: str | None, run_id: str) -> str:
    """The commands that show more about what was trained."""
    commands = {"python -m hhexp.ui": "all runs, pictures and models, in MLflow's UI"}
    if sweep_id:
        commands[f"python -m hhexp.report {sweep_id[:8]}"] = "write a report on this sweep"
    commands |= {
        f"python -m hhexp.reproduce {run_id[:8]}": "train a run again and compare the numbers",
        f"python -m hhexp.predict {run_id[:8]} FILE": "ask its model about an image",
    }
    width = max(map(len, commands))
    return "\nNext steps:\n" + "\n".join(
        f"  {command:{width}}  {what}" for command, what in commands.items()
    )


class _Callable(ModuleType):
    """A module that is a function too: one name serves ``python -m`` and Python."""

    def __call__(self, words: Sequence[str] = ()) -> interface.TrainedRuns:
        return interface.run(words)


sys.modules[__name__].__class__ = _Callable

if __name__ == "__main__":
    sys.exit(main())

"""``python -m hhexp.run``: train a run, or with ``-m`` each run of a sweep."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hhexp.console import entry

if TYPE_CHECKING:
    from hhexp.launching.sweep import Sweep


VALUED = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp")
"""Hydra's flags whose value may have a = in it."""
MULTIRUN = {"-m", "--multirun", "hydra.mode=MULTIRUN"}
"""What makes a command a sweep."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Compose the configuration with Hydra, train what it describes, and print the results.

    Returns:
        0, or 1 where a run failed or what was logged could not be sent, or 2 where none could
        start.
    """
    words = join_values(sys.argv[1:] if argv is None else argv)
    # Hydra's parser takes flags before overrides only; people put them anywhere.
    words = sorted(words, key=lambda word: "=" in word and not word.startswith("-"))
    sys.argv = ["hhexp.run", *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # we get the whole error, and print it as one line
    from hhexp.config.catalogue import find_config_dirs, read_catalogue, write_help
    from hhexp.config.own_options import find_own_modules

    catalogue = read_catalogue(find_config_dirs(words))
    if find_own_modules(words):
        from hhexp.launching.own_options import offer_own_options

        catalogue = offer_own_options(words, catalogue)
    if {"-h", "--help"} & set(words):
        print(write_help(catalogue, min(100, shutil.get_terminal_size().columns)))
        return 0
    from hhexp.display import console
    from hhexp.launching.command import train
    from hhexp.launching.sweep import Sweep

    with Sweep(console(), multirun=bool(MULTIRUN & set(words))) as sweep:
        train(sweep, words, catalogue)
        return conclude(sweep)


def join_values(words: Sequence[str]) -> list[str]:
    """The words, each of Hydra's flags that takes a value in one word with it."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in VALUED:
            joined[-1] = f"{joined[-1]}={word}"
        else:
            joined.append(word)
    return joined


def conclude(sweep: "Sweep") -> int:
    """Print and log the table of what was trained, then the failures; the exit status."""
    from rich.text import Text

    from hhexp.terminal import Terminal
    from hhexp.tracking.outages import is_away

    made, left = sweep.trained, sweep.send_left()
    if made and not left:
        try:
            show_results(sweep)
        except Exception as error:
            if not is_away(error):
                raise
            sweep.say(f"the tracking store {sweep.store} is away: no table of results now")
    for failure in sweep.failures:
        line = Text(f"{failure.status} {failure.key}: {failure.error}", "red")
        Terminal(stderr=True).print(line, soft_wrap=True)
    if sweep.failures and not made:
        return 2
    return 1 if sweep.failures or left else 0


def show_results(sweep: "Sweep") -> None:
    """Print and log the table, and say what to do next."""
    from hhexp.analysis import summary

    if sweep.store is None:
        return
    made = sweep.trained
    rows = summary.summarise(sweep.store, list(made), made)
    sweep.console.print(summary.render(rows, "Results"))
    if sweep.parent:
        summary.log_summary(sweep.parent, rows)
    shown = list(made)[-1]
    if sweep.best:
        sweep.say(f"\n{sweep.best.text}")
        shown = sweep.best.run_id or shown
    sweep.say(look_further(sweep.parent.run_id if sweep.parent else None, shown))


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


if __name__ == "__main__":
    sys.exit(main())

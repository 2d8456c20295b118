# PYTHON_ARGCOMPLETE_OK
"""``hhexp X …`` and ``python -m hhexp X …``: the same as ``python -m hhexp.X …``."""

import importlib
import sys

from hhexp import __version__
from hhexp.completion import complete
from hhexp.config.check import suggest

COMMANDS = {
    "run": "train a run, or each run of a sweep",
    "inspect": "look at images before any training",
    "study": "answer a study: train what is missing, judge its claims, write its report",
    "reproduce": "train a run again and compare the numbers",
    "diff": "show what differs between two runs",
    "publish": "write runs as small files that you can commit",
    "report": "write a report on runs: tables, claims, pictures",
    "predict": "ask a run's model about images",
    "export": "write a run's model as Keras, SavedModel, ONNX or TFLite",
    "doctor": "look after the store: what was left behind, is damaged, or takes up room",
    "ui": "look at the runs in MLflow's UI",
}
"""Each command's module, and what it is for."""


def main() -> int:
    """Call the command that the first word names."""
    complete(COMMANDS)
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print("hhexp COMMAND …, where COMMAND is one of\n")
        for name, purpose in COMMANDS.items():
            print(f"  {name:10} {purpose}")
        print("\nFor help on one: hhexp COMMAND --help. The same command: python -m hhexp.COMMAND.")
        return 0
    if words == ["--version"]:
        print(f"hhexp {__version__}")
        return 0
    command, *rest = words
    if command not in COMMANDS:
        print(f"hhexp: {command}: no such command{suggest(command, COMMANDS)}", file=sys.stderr)
        return 2
    status: int = importlib.import_module(f"hhexp.{command}").main(rest)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Completes the words of ``hhexp …`` in a shell that argcomplete has been registered in."""

import argparse
import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from hhexp.config.catalogue import read_catalogue

ASKED = "_ARGCOMPLETE"
"""The variable by which the shell asks; it counts the words before the arguments."""


def complete(commands: Mapping[str, str]) -> None:
    """Answer the shell and leave, where it asks; else do nothing.

    Args:
        commands: the names of all commands, each with its purpose.
    """
    if ASKED not in os.environ:
        return
    import argcomplete

    typed = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
    words = typed.split()
    name = words[1] if len(words) > 2 or (len(words) == 2 and typed.endswith(" ")) else ""
    if name not in commands:
        parser = argparse.ArgumentParser("hhexp")
        parser.add_argument("command", choices=commands)
        argcomplete.autocomplete(parser)
    os.environ[ASKED] = str(int(os.environ[ASKED]) + 1)
    if name == "run":
        argcomplete.autocomplete(_build_run_parser(), append_space=False)
    argcomplete.autocomplete(importlib.import_module(f"hhexp.{name}").build_parser())


def list_overrides(prefix: str, **_: Any) -> Sequence[str]:
    """What a word of ``hhexp run`` that starts so may be: keys, and groups' options."""
    catalogue = read_catalogue()
    keys = catalogue.keys()
    key, equals, value = prefix.partition("=")
    if not equals:
        return [f"{each}=" for each in keys if each.startswith(prefix)]
    before = value.rpartition(",")[0]
    start = f"{key}={before}," if before else f"{key}="
    return [f"{start}{option}" for option in catalogue.groups.get(key, {})]


def _build_run_parser() -> argparse.ArgumentParser:
    """As much of Hydra's command line as is worth completing."""
    parser = argparse.ArgumentParser("hhexp run")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--cfg", choices=["job", "hydra", "all"])
    parser.add_argument("--json", action="store_true")
    words: Any = parser.add_argument("overrides", nargs="*")
    words.completer = list_overrides
    return parser

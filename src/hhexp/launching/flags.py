"""Flags of a command line, such as --cfg: those that Hydra knows; others mean a key."""

from collections.abc import Sequence

from hydra._internal.utils import get_args_parser

from hhexp.config.catalogue import Catalogue
from hhexp.config.check import suggest
from hhexp.config.synonyms import find_meant
from hhexp.errors import UserError

WAYS = ("run", "multirun", "cfg", "info", "shell_completion")
"""What Hydra can do with a command line; each is a flag."""


def check_flags(words: Sequence[str], catalogue: Catalogue) -> None:
    """Refuse flags that Hydra does not know, and say how the key that one may mean is written.

    Hydra's own parser would print its usage, which says nothing of keys.

    Raises:
        UserError: there is such a flag, or two exclude each other.
    """
    flags = {
        flag: action for action in get_args_parser()._actions for flag in action.option_strings
    }
    ways = {flags[flag].dest: word for word in words if (flag := word.partition("=")[0]) in flags}
    if len(several := [word for dest, word in ways.items() if dest in WAYS]) > 1:
        raise UserError(f"{' and '.join(several)}: give only one of them")
    for place, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if not flag.startswith("-") or flag in flags or flag.lstrip("-")[:1].isdigit():
            continue
        following = words[place + 1] if place + 1 < len(words) else ""
        if not equals and following and "=" not in following and not following.startswith("-"):
            value = following
        keys = catalogue.keys()
        if flag.startswith("--") and (meant := find_meant(flag[2:], keys)):
            raise UserError(f"{flag}: no such flag; a key is written as {meant}={value or '…'}")
        raise UserError(f"{flag}: no such flag{suggest(flag, sorted(flags))}; see --help")

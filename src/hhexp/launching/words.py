"""The words of a command line, before Hydra, whose import takes long, is needed for them."""

from collections.abc import Sequence

from hhexp.config.catalogue import Catalogue, find_config_dirs, read_catalogue
from hhexp.config.own_options import find_own_modules

VALUED = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp")
"""Hydra's flags whose value may have a = in it."""
MULTIRUN = {"-m", "--multirun", "hydra.mode=MULTIRUN"}
"""What makes a command a sweep."""


def join_values(words: Sequence[str]) -> list[str]:
    """The words, each of Hydra's flags that takes a value in one word with it."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in VALUED:
            joined[-1] = f"{joined[-1]}={word}"
        else:
            joined.append(word)
    return joined


def order_words(words: Sequence[str]) -> list[str]:
    """The words of a command, flags first, as Hydra's parser asks for; people put them anywhere."""
    return sorted(join_values(words), key=lambda word: "=" in word and not word.startswith("-"))


def read_options(words: Sequence[str]) -> Catalogue:
    """What a command line may name: hhexp's options, and the person's own that the words lead to.

    Raises:
        UserError: an option's file or a module of the person's own cannot be used.
    """
    catalogue = read_catalogue(find_config_dirs(list(words)))
    if not find_own_modules(words):
        return catalogue
    from hhexp.launching.own_options import offer_own_options

    return offer_own_options(words, catalogue)

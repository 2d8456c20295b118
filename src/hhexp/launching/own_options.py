"""Lets a command line name a function of the person's own as an option, without a YAML file."""

from collections.abc import Sequence
from dataclasses import replace

from hydra.core.config_store import ConfigStore

from hhexp.config.catalogue import Catalogue
from hhexp.config.own_options import find_own_modules, list_own_options
from hhexp.config.registry import import_modules
from hhexp.training.runtime import import_quietly


def offer_own_options(words: Sequence[str], catalogue: Catalogue) -> Catalogue:
    """Import the modules that a command line names, and make options of what they register.

    Returns:
        the catalogue with these options.

    Raises:
        UserError: a module cannot be imported, or what it registers cannot be an option.
    """
    modules = find_own_modules(words)
    if not modules:
        return catalogue
    with import_quietly("native"):  # with hydra/launcher=inline this process trains
        import_modules(modules)
    own = list_own_options(catalogue)
    for group, options in own.items():
        for option in options.values():
            values = {key: value for key, (value, _) in option.keys.items()}
            ConfigStore.instance().store(option.name, values, group=group)
    groups = {
        group: {**options, **own.get(group, {})} for group, options in catalogue.groups.items()
    }
    return replace(catalogue, groups=groups)

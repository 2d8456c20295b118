"""Options that need no YAML file: each function of the person's own is one, by its own name."""

import re
from collections.abc import Sequence
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hhexp.config.catalogue import Catalogue, Option
from hhexp.config.registry import GROUPS, list_keys
from hhexp.config.schema import Config
from hhexp.errors import UserError

PACKAGE = "hhexp"
REQUIRED = "???"
"""What OmegaConf takes for a value that is still to be set."""
DATA: dict[str, Any] = {"image_size": None, "views": {}}
"""The keys of every data set that have no default in the schema, as conf/data/folder.yaml has them.
"""


def find_own_modules(words: Sequence[str]) -> list[str]:
    """The modules that a command line names with ``modules=[…]``, in a sweep those of all runs."""
    values = (word.partition("=")[2] for word in words if re.match(r"\+{0,2}modules=\[", word))
    return [name for value in values for name in re.findall(r"[^\[\]\s,'\"]+", value)]


def list_own_options(catalogue: Catalogue) -> dict[str, dict[str, Option]]:
    """For each group, the options that the registered functions of the person's own are.

    Its keys are those of the group and the function's, with their defaults. A function that has a
    YAML file of its name is left to that.

    Raises:
        UserError: a default is a value that no configuration can hold.
    """
    found: dict[str, dict[str, Option]] = {}
    for group, (registry, key) in GROUPS.items():
        section = Config.model_fields[group].annotation
        assert section is not None
        shared = {
            name: field.default
            for name, field in section.model_fields.items()
            if not field.is_required()
        }
        for name, function in registry.functions.items():
            known = name in catalogue.groups.get(group, {})
            if known or function.__module__.partition(".")[0] == PACKAGE:
                continue
            own = {
                parameter: REQUIRED if p.default is p.empty else p.default
                for parameter, p in list_keys(function).items()
            }
            named = {"name": name, **DATA} if group == "data" else {}
            values = {**named, **shared, key: name, **own}
            try:
                OmegaConf.create(values)
            except OmegaConfBaseException as error:
                reason = str(error).partition("\n")[0]
                raise UserError(
                    f"{group}={name}: the function's defaults: {error.full_key}: {reason}"
                ) from error
            text = (function.__doc__ or "").strip().partition("\n")[0]
            purpose = text or f"Your own, from the module {function.__module__}."
            keys = {each: (value, "") for each, value in values.items()}
            found.setdefault(group, {})[name] = Option(name, purpose, keys)
    return found

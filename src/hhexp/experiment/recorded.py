"""A recorded configuration, taken up again: other people's input, which can name no code to run.

A record may say which modules a run needs. They are imported only where the person who gives the
command has named them on it.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hhexp.config.schema import Config
from hhexp.errors import UserError
from hhexp.experiment.job import check_config


@dataclass(frozen=True)
class Trusted:
    """What a person has named on the command line, and so trusts."""

    modules: tuple[str, ...] = ()
    """Their own modules."""


NOTHING = Trusted()


def check_recorded(values: Mapping[str, Any], trusted: Trusted) -> Config:
    """Check a configuration from a record, of which nothing is used that was not named.

    Args:
        values: the configuration, resolved.
        trusted: what the person has named on this command line.

    Raises:
        UserError: something in it is wrong, or it needs what the person has not named.
    """
    _refuse_unnamed_modules(values.get("modules"), trusted)
    return check_config({**copy.deepcopy(dict(values)), "modules": list(trusted.modules)})


def _refuse_unnamed_modules(recorded: object, trusted: Trusted) -> None:
    if recorded is None:
        return
    if not isinstance(recorded, list) or not all(isinstance(name, str) for name in recorded):
        raise UserError("the recorded configuration: modules: must be a list of names")
    if unnamed := [name for name in recorded if name not in trusted.modules]:
        raise UserError(
            f"the run used the modules {', '.join(unnamed)}: if you trust the code that has these "
            f"names here, give --modules {' '.join(unnamed)}"
        )

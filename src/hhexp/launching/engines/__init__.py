"""What trains jobs: one file per engine, all behind the interface in ``engine.py``."""

from collections.abc import Mapping
from typing import Any

from hhexp.errors import UserError
from hhexp.launching.engines.engine import Engine

__all__ = ["ENGINES", "Engine", "make_engine"]

ENGINES = "processes, inline or ray"
"""Their names, for messages."""


def make_engine(name: str, settings: Mapping[str, Any]) -> Engine:
    """The engine of that name: processes, inline or ray.

    Args:
        name: as in ``hydra/launcher``.
        settings: the keys of the engine's own section, such as ``address`` of ``ray.address``.

    Raises:
        UserError: there is no such engine, or its package is not installed.
    """
    match name:
        case "processes":
            from hhexp.launching.engines.processes import Processes

            return Processes()
        case "inline":
            from hhexp.launching.engines.inline import Inline

            return Inline()
        case "ray":
            try:
                from hhexp.launching.engines.ray import Ray
            except ModuleNotFoundError as error:
                if error.name != "ray":
                    raise
                raise UserError(
                    "hydra/launcher=ray: Ray is not installed: pip install 'hhexp[ray]'"
                ) from error
            return Ray(**settings)
    raise UserError(f"hydra.launcher.engine={name}: no such engine; use {ENGINES}")

"""What trains jobs: one file per engine, all behind the interface in ``engine.py``."""

from hhexp.errors import UserError
from hhexp.launching.engines.engine import Engine

__all__ = ["Engine", "make_engine"]


def make_engine(name: str) -> Engine:
    """The engine of that name: processes or inline.

    Raises:
        UserError: there is no such engine.
    """
    match name:
        case "processes":
            from hhexp.launching.engines.processes import Processes

            return Processes()
        case "inline":
            from hhexp.launching.engines.inline import Inline

            return Inline()
    raise UserError(f"hydra.launcher.engine={name}: no such engine; available: processes, inline")

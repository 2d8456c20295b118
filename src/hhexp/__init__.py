"""hhexp: training questions answered with evidence.

From Python: ``run`` and ``sweep`` train, ``load`` asks a trained model, ``analysis`` reads results.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hhexp import analysis as analysis
    from hhexp import errors as errors
    from hhexp.interface import load as load
    from hhexp.interface import run as run
    from hhexp.interface import sweep as sweep

__version__ = "0.1.0"

__all__ = ["__version__", "analysis", "errors", "load", "run", "sweep"]

FUNCTIONS = ("load", "sweep")
"""Of ``hhexp.interface``, which is imported when one of them is used first (PEP 562)."""
MODULES = ("analysis", "errors", "run")
"""``hhexp.run`` is the command's module, which can be called as well."""


def __getattr__(name: str) -> Any:
    if name in FUNCTIONS:
        return getattr(importlib.import_module("hhexp.interface"), name)
    if name in MODULES:
        return importlib.import_module(f"hhexp.{name}")
    raise AttributeError(f"module 'hhexp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Processes that start without the program that starts them.

multiprocessing imports the main module anew in each. A script that calls ``hhexp.run`` without
``if __name__ == "__main__"`` would call it there again.
"""

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType


@contextlib.contextmanager
def hide_main_module() -> Iterator[None]:
    """Within it multiprocessing finds an empty main module, which it does not import anywhere."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main

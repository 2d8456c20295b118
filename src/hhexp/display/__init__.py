"""What is shown while runs train: live in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from hhexp.display.events import Event
from hhexp.display.progress import PlannedRun, Progress

if TYPE_CHECKING:
    from hhexp.terminal import Terminal

__all__ = ["Display", "PlannedRun", "console", "display"]


class Display(Protocol):
    """Shows events between entering and leaving it; any thread may call it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def __call__(self, event: Event) -> None: ...


def display(
    jobs: Sequence[PlannedRun],
    workers: int,
    to: "Terminal | None" = None,
    title: str = "",
    clock: Callable[[], float] = time.monotonic,
    live: bool = True,
) -> Display:
    """Show the progress of jobs of which ``workers`` run at a time.

    Args:
        jobs: what is to run, in the order of their start; keys are unique.
        workers: jobs that run at the same time.
        to: where to; the standard output if None.
        title: names the sweep.
        clock: seconds from some moment on.
        live: whether a terminal may be redrawn; else there are only lines.
    """
    from hhexp.display.live import Live
    from hhexp.display.plain import Plain

    where = to or console()
    sweep = Progress(jobs, workers, clock)
    if live and where.is_interactive:
        return Live(sweep, where, title)
    return Plain(sweep, where.file, title)


def console() -> "Terminal":
    """The standard output; with FORCE_COLOR set, rich would treat a pipe as a terminal.

    In a notebook, which says that it is a terminal, plain lines: rich would make a block of HTML of
    each.
    """
    from hhexp.terminal import Terminal

    shown = Terminal(force_terminal=None if sys.stdout.isatty() else False)
    return Terminal(force_terminal=False, force_jupyter=False) if shown.is_jupyter else shown

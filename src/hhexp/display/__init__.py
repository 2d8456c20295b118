"""What the terminal shows while runs train: live, or plain lines where it is no terminal."""

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from hhexp.display.sweep import Job, Sweep
from hhexp.training.progress import Event

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Display", "Job", "display"]


class Display(Protocol):
    """Shows events between entering and leaving it; any thread may call it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def __call__(self, event: Event) -> None: ...


def display(
    jobs: Sequence[Job],
    workers: int,
    console: "Console | None" = None,
    title: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Display:
    """Show the progress of jobs of which ``workers`` run at a time.

    Args:
        jobs: what is to run, in the order of their start; keys are unique.
        workers: jobs that run at the same time.
        console: where to; the standard output if None.
        title: names the sweep.
        clock: seconds from some moment on.
    """
    from rich.console import Console

    from hhexp.display.live import Live
    from hhexp.display.plain import Plain

    if console is None:  # FORCE_COLOR makes rich take a pipe for a terminal: it is none
        console = Console(force_terminal=None if sys.stdout.isatty() else False)
    sweep = Sweep(jobs, workers, clock)
    if console.is_interactive:
        return Live(sweep, console, title)
    return Plain(sweep, console.file, title)

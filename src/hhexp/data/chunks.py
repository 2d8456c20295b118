"""Many images, a chunk at a time: a large data set takes no more memory than a small one."""

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 1000
PATIENCE_S = 2
"""After this time a terminal shows how far it is."""


def split_chunks(items: Sequence[T], doing: str) -> Iterator[tuple[int, Sequence[T]]]:
    """Each chunk, with the index of its first item; where it takes long, a terminal shows progress.

    Args:
        items: what to split.
        doing: what the terminal says.
    """
    started, advance = time.monotonic(), None
    # A worker of a sweep has no terminal of its own.
    shown = multiprocessing.parent_process() is None
    with contextlib.ExitStack() as stack:
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            yield start, chunk
            if shown and advance is None and time.monotonic() - started > PATIENCE_S:
                advance = stack.enter_context(_show_progress(doing, len(items)))
            if advance:
                advance(start + len(chunk))


@contextlib.contextmanager
def _show_progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, and nothing elsewhere; gives what sets how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    from hhexp.terminal import Terminal

    console = Terminal(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeLeft()
    off = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=off) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda done: progress.update(task, completed=done)

"""How entry points end: exit statuses, and one-line errors instead of tracebacks."""

import contextlib
import functools
import os
import signal
import stat
import sys
from collections.abc import Callable
from multiprocessing import resource_tracker
from types import FrameType
from typing import Protocol

from hhexp.errors import UserError, is_interruption, one_line
from hhexp.escape import escape_line

Main = Callable[[list[str] | None], int]


class Entry(Protocol):
    """A wrapped entry point; without words it takes the command line's."""

    def __call__(self, argv: list[str] | None = None) -> int: ...


def entry(main: Main) -> Entry:
    """Wrap an entry point: returns its exit status, and prints errors as one line on stderr.

    2 for a UserError or a file that cannot be used, 1 for any other exception, 130 for Ctrl-C (and
    SIGTERM, and a terminal that is closed, which are taken the same way). ``HHEXP_DEBUG=1`` shows
    the traceback as well.
    """

    @functools.wraps(main)
    def wrapped(argv: list[str] | None = None) -> int:
        signal.signal(signal.SIGTERM, _interrupt)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGHUP, _hang_up)
            _start_resource_tracker()
        try:
            return main(argv)
        except UserError as error:
            return _print_error(str(error), 2)
        except KeyboardInterrupt:
            return _end_interrupted()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 1
        except Exception as error:
            if is_interruption(error):
                return _end_interrupted()
            if said := explain_error(error):
                return _print_error(said, 2)
            return _print_error(f"{one_line(error)} (set HHEXP_DEBUG=1 to see where)", 1)

    return wrapped


def _end_interrupted() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # another one ends what Python waits for
    return _print_error("interrupted", 130)


def explain_error(error: Exception) -> str | None:
    """What to say of an exception that the person can mend; None of any other."""
    # A file that cannot be read is the person's to mend, whichever it is.
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if reason := _find_outage(error):
        return f"{reason}; when it is back, give the same command again"
    return None


def _find_outage(error: Exception) -> str | None:
    """What to say where the tracking store went away while a command used it."""
    if "mlflow" not in sys.modules:
        return None  # whose import takes long
    from hhexp.tracking.outages import give_reason, is_away

    return f"the tracking store is away ({give_reason(error)})" if is_away(error) else None


def _start_resource_tracker() -> None:
    """Start Python's process that tracks semaphores deaf to a hang-up, which would end it alone.

    It goes unasked with this process. If it went before, a second one would be started that knows
    nothing of what the first one tracked, and says so in tracebacks.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _hang_up(number: int, frame: FrameType | None) -> None:
    """Stop as on Ctrl-C, but print nothing more to the closed terminal: writing would fail."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a shell sends it as well as the system
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with contextlib.suppress(OSError):  # it was closed before
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                os.dup2(nowhere, stream)
    raise KeyboardInterrupt


def _print_error(text: str, status: int) -> int:
    if os.environ.get("HHEXP_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    print(f"hhexp: {escape_line(text)}", file=sys.stderr)
    return status

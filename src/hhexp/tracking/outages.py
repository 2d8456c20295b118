"""When a store is away: which errors say so, and how to wait until it is back."""

import contextlib
import errno
import re
import sqlite3
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from hhexp.errors import UserError

T = TypeVar("T")

PAUSE_S = 1.0
"""Between two questions to a store that is away, in seconds."""
PATIENCE_S = 600
"""How long a run that has not begun waits for its store, in seconds."""
ANSWERED_S = 60
"""A question that took longer than this, in seconds, was answered for some time."""
PASSING = (429, 500, 502, 503, 504)
"""Status codes of a server that may answer otherwise later."""


class StoreAwayError(UserError):
    """A store does not answer now, and may do so later."""


def is_away(error: BaseException) -> bool:
    """Whether an error of MLflow's says that a store does not answer now."""
    import requests
    from mlflow.exceptions import MlflowException, RestException
    from sqlalchemy.exc import DBAPIError, OperationalError

    if isinstance(error, StoreAwayError | requests.ConnectionError | requests.Timeout):
        return True
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in PASSING
    if not isinstance(error, MlflowException):
        return False
    cause = error.__cause__
    if isinstance(cause, DBAPIError):
        if isinstance(cause.orig, sqlite3.Error):  # a file does not go away; it can be in use
            return "locked" in str(cause.orig)
        return isinstance(cause, OperationalError) or cause.connection_invalidated
    if isinstance(error, RestException):
        return error.get_http_status_code() in PASSING
    said = str(error)
    found = re.search(r"failed with error code (\d+)", said)
    status = int(found[1]) if found else 0
    return status in PASSING or bool(re.search(r"failed with (timeout )?exception", said))


def give_reason(error: BaseException) -> str:
    """The innermost cause of a failed request, which MLflow words in several hundred letters."""
    text = (str(error).strip().splitlines() or ["no reason given"])[0]
    cause = re.search(r"\[Errno [^\]]*\] ([^')\"]+)", text)
    return cause[1] if cause else textwrap.shorten(text, 200, placeholder=" …")


class FullDiskError(UserError):
    """A disk takes no more."""


@contextlib.contextmanager
def name_full_disk(place: object) -> Iterator[None]:
    """Say what to do where an error means that a disk is full.

    Args:
        place: what is written, where an error does not name a file.

    Raises:
        FullDiskError: one is.
    """
    try:
        yield
    except Exception as error:
        sqlite_error = getattr(error.__cause__, "orig", None)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            place = error.filename2 or error.filename or place
        elif not (isinstance(sqlite_error, sqlite3.Error) and "full" in str(sqlite_error)):
            raise
        raise FullDiskError(
            f"{place}: no space left on the disk: free some, then start the same command again, "
            "which goes on from the last saved state"
        ) from error


def wait_for_store(ask: Callable[[], T], say: Callable[[str], None]) -> T:
    """What a store answers, as soon as it does.

    Args:
        ask: asks it, maybe for long; called again while it is away.
        say: hears once a second that it is; what it raises ends the waiting.

    Raises:
        StoreAwayError: it was away for ``PATIENCE_S``; and what ``ask`` raises otherwise.
    """
    away_since: float | None = None
    while True:
        asked = time.monotonic()
        try:
            return ask()
        except Exception as error:
            if not is_away(error):
                raise
            if away_since is None or time.monotonic() - asked > ANSWERED_S:
                away_since = time.monotonic()
            if time.monotonic() - away_since > PATIENCE_S:
                raise StoreAwayError(
                    f"the tracking store was away for {PATIENCE_S // 60} minutes: "
                    "when it is back, the same command trains what is missing"
                ) from error
            say(f"waiting for the tracking store: {give_reason(error)}")
            time.sleep(PAUSE_S)

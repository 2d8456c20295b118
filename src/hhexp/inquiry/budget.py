"""How long a study may train: after that it stops as on Ctrl-C, and the same command goes on."""

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from hhexp.errors import UserError, is_interruption

UNITS = (3600.0, 60.0, 1.0)
"""Seconds of an hour, a minute and a second."""
FORM = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


@dataclass
class Budget:
    """Seconds that may be spent; endless where there are None."""

    seconds: float | None = None
    _started: float = field(default_factory=time.monotonic)
    is_spent: bool = False

    @contextlib.contextmanager
    def limit(self) -> Iterator[None]:
        """Stop what runs inside when the budget is spent.

        It is interrupted as by SIGTERM, which hhexp takes as Ctrl-C: runs end as KILLED, with their
        states saved. Then it ends without an exception, and ``is_spent`` is true.
        """
        if self.seconds is None:
            yield
            return
        left = self.seconds - (time.monotonic() - self._started)
        timer = threading.Timer(min(max(0.0, left), threading.TIMEOUT_MAX), self._interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except BaseException as error:
            if not (self.is_spent and is_interruption(error)):
                raise
        finally:
            timer.cancel()

    def _interrupt(self) -> None:
        self.is_spent = True
        os.kill(os.getpid(), signal.SIGTERM)


def read_duration(text: str) -> float:
    """The seconds of a duration such as 2h, 90m, 1h30m or 45s.

    Raises:
        UserError: it is not one.
    """
    found = FORM.fullmatch(text.replace(" ", ""))
    parts = found.groups(default="0") if found else ("0",) * len(UNITS)
    seconds = sum(float(part) * unit for part, unit in zip(parts, UNITS, strict=True))
    if not seconds:
        raise UserError(f"--budget {text}: must be a duration, such as 2h, 90m or 1h30m")
    return seconds

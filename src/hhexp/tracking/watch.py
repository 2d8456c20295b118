"""Which runs other processes are training: what can be known from one look, or from several."""

import math
import time
from collections.abc import Callable, Mapping

from hhexp.tracking.process import is_running, name_this_process
from hhexp.tracking.tags import HEARTBEAT, PROCESS

SILENCE_S = 90
"""Seconds without a heartbeat, six of them, after which an owner that cannot be seen is gone."""
FORGOTTEN_S = 3600
"""Age of a heartbeat, in seconds, from which on its owner is gone at the first look."""


class Watch:
    """Tells which owners are alive, the better the longer it looks.

    A process of this place is seen to run or not. Of any other, the heartbeat tells. Clocks of
    machines differ, so it counts whether the heartbeat *changes* while this process watches, by
    this process's clock: after 90 s without a change the owner is gone. At the first look nothing
    can have changed: then an owner is alive unless its heartbeat is missing (a version of hhexp
    that did not beat yet) or an hour old, which clocks that are wrong by less cannot make up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Watch by a clock, in seconds from some moment on."""
        self._clock = clock
        self._seen: dict[str, tuple[str, float]] = {}
        """By what they are signs of: the last sign, and when it was first seen."""

    def find_trainer(self, run_id: str, status: str, tags: Mapping[str, str]) -> str | None:
        """The other process that owns a run that is RUNNING; None where it has none alive."""
        owner = tags.get(PROCESS)
        if status != "RUNNING" or owner is None or owner == name_this_process():
            return None
        return owner if self.is_alive(owner, run_id, tags.get(HEARTBEAT, "")) else None

    def is_alive(self, owner: str, of: str, sign: str) -> bool:
        """Whether an owner is alive.

        Args:
            owner: its name.
            of: what it gives a sign of.
            sign: its last one, the time by its clock in seconds since 1970.
        """
        running = is_running(owner)
        if running is not None:
            return running
        now = self._clock()
        if of not in self._seen:
            self._seen[of] = sign, now if _is_recent(sign) else -math.inf
        elif self._seen[of][0] != sign:
            self._seen[of] = sign, now
        return now - self._seen[of][1] < SILENCE_S


def _is_recent(sign: str) -> bool:
    try:
        return time.time() - float(sign) < FORGOTTEN_S
    except ValueError:
        return False

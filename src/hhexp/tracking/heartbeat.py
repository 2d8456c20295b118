"""This process's runs, and the heartbeat by which others see that it is alive.

An owner is named on its run (``PROCESS``), and a thread sets the run's tag ``HEARTBEAT`` to its
clock's time every 15 s. No store of MLflow's can compare and swap a tag, and none needs to here:

- Who owns a run is written by a process that takes it, and by no heartbeat. So a late heartbeat of
  a former owner can delay others, but never takes a run back.
- Before each heartbeat the owner looks. Another name means that the run was taken, since this
  process was away for minutes (suspended, or cut off from the store). Then it stops training:
  whoever is named is the owner. Between the taking and that look, both may train, but not for
  longer than one heartbeat, or than the suspension.
"""

import contextlib
import threading
import time

from hhexp.errors import UserError
from hhexp.tracking.process import describe, name_this_process
from hhexp.tracking.store import Store
from hhexp.tracking.tags import HEARTBEAT, PROCESS

BEAT_S = 15
"""Seconds between two heartbeats; one costs two short questions to the store."""


class RunTaken(UserError):
    """Another process has taken a run of this one's, of which it had heard nothing for long."""


class _Heart:
    """Beats for all runs that this process owns, in one thread that ends with the last of them."""

    def __init__(self) -> None:
        self._owned: dict[str, Store] = {}
        self._taken: dict[str, str] = {}
        """By whom."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def own(self, store: Store, run_id: str) -> None:
        with self._lock:
            self._owned[run_id] = store
            self._taken.pop(run_id, None)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat_on, name="heart", daemon=True)
                self._thread.start()

    def leave(self, run_id: str) -> bool:
        with self._lock:
            self._owned.pop(run_id, None)
            return run_id not in self._taken

    def find_taker(self, run_id: str) -> str | None:
        return self._taken.get(run_id)

    def _beat_on(self) -> None:
        while True:
            time.sleep(BEAT_S)
            with self._lock:
                owned = dict(self._owned)
                if not owned:
                    self._thread = None
                    return
            for run_id, store in owned.items():
                with contextlib.suppress(Exception):  # the store is away: it beats again when back
                    self._beat(store, run_id)

    def _beat(self, store: Store, run_id: str) -> None:
        client = store.client()
        owner = client.get_run(run_id).data.tags.get(PROCESS, "")
        if owner == name_this_process():
            client.set_tag(run_id, HEARTBEAT, read_clock())
            return
        with self._lock:
            if self._owned.pop(run_id, None):
                self._taken[run_id] = owner


_heart = _Heart()


def read_clock() -> str:
    """A heartbeat: the time by this process's clock, in seconds since 1970."""
    return f"{time.time():.1f}"


def make_owner_tags() -> dict[str, str]:
    """The tags that make this process the owner of a run: its name, and a first heartbeat."""
    return {PROCESS: name_this_process(), HEARTBEAT: read_clock()}


def own(store: Store, run_id: str) -> None:
    """Beat, from now on, for a run that names this process as its owner."""
    _heart.own(store, run_id)


def leave(run_id: str) -> bool:
    """Beat no more for a run; False where another process had taken it."""
    return _heart.leave(run_id)


def check(run_id: str) -> None:
    """Make sure that a run is still this process's, as far as the last heartbeat saw.

    Raises:
        RunTaken: another process has it.
    """
    if taker := _heart.find_taker(run_id):
        raise RunTaken(
            f"run {run_id[:8]} was taken over, as nothing had been heard of this process for "
            f"minutes: {describe(taker)}; the same command waits for it"
        )

"""Which of several processes trains a run that all of them want.

A store of MLflow's has no lock, and no tag can be compared and swapped. But it keeps one order of
what is written, and a process sees all that was written before it looks (unless a server's search
lags behind: then two processes of the same moment may both train). So each first writes that
it wants a run, and then looks: of any two, at least the later sees the other. An order that both
know decides who yields; the other waits until it has. A process that was killed over it is known by
its name or its silence (see ``hhexp.tracking.watch``), and is not waited for.

There are two cases. A run that was interrupted is wanted by a tag on it (``CLAIM``). Where there is
none, each process opens its own, which is marked as no more than that (``OPENED``) from its first
moment on: all but one are withdrawn, before anything is logged in them. A run without the mark is
*settled*, and then it precedes all others, whatever the order. Two cannot both settle: each would
have to look before the other opened its run, and each looks after it has opened its own.

Suspended for minutes between its look and what follows, a process may come back when another has
gone on without it. An opened run that nobody is waiting for is therefore deleted: it cannot be
settled any more. And a run that was taken is known by its owner's name at the next heartbeat.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Mapping

from hhexp.tracking.heartbeat import leave, make_owner_tags, read_clock
from hhexp.tracking.process import name_this_process
from hhexp.tracking.query import StoredRun
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import CLAIM, OPENED
from hhexp.tracking.watch import Watch

PAUSE_S = 0.1
"""Seconds between two looks."""


def claim(store: Store, run_id: str, watch: Watch) -> bool:
    """Take an interrupted run for this process, unless another has it or takes it just now."""
    client, me = store.client(), name_this_process()
    client.set_tag(run_id, CLAIM + me, read_clock())
    try:
        while True:
            run = client.get_run(run_id)
            status, tags = run.info.status, run.data.tags
            others = _read_claims(run_id, tags, watch) - {me}
            taken = status == "FINISHED" or watch.find_trainer(run_id, status, tags)
            if taken or min(others, default=me) < me:
                return False
            if not others:
                TrackedRun(store, run_id).set_tags(make_owner_tags())
                client.update_run(run_id, status="RUNNING")
                return True
            time.sleep(PAUSE_S)
    finally:
        client.delete_tag(run_id, CLAIM + me)


def _read_claims(run_id: str, tags: Mapping[str, str], watch: Watch) -> set[str]:
    """The living processes that want a run now."""
    return {
        name
        for key, since in tags.items()
        if key.startswith(CLAIM)
        and watch.is_alive(name := key.removeprefix(CLAIM), f"{run_id} {name}", since)
    }


def is_settled(run: StoredRun) -> bool:
    """Whether a run is more than a claim; nothing is logged in one that is not."""
    return OPENED not in run.tags


def settle(
    store: Store, run_id: str, find_rivals: Callable[[], Collection[StoredRun]], watch: Watch
) -> bool:
    """Keep the run that this process has opened, or withdraw it as another one is kept.

    Args:
        store: where the runs are.
        run_id: the run, which was started with the tag ``OPENED``.
        find_rivals: looks for all runs that were asked for the same, this one among them.
        watch: knows which processes are alive.

    Returns:
        whether it is kept.
    """
    from mlflow.exceptions import MlflowException

    client = store.client()
    while True:
        rivals = {rival.run_id: rival for rival in find_rivals()}
        me = rivals.pop(run_id, None)
        alive = [
            rival
            for rival in rivals.values()
            if not is_settled(rival) and watch.find_trainer(rival.run_id, rival.status, rival.tags)
        ]
        settled = any(map(is_settled, rivals.values()))
        if me is None or settled or any(_rank(rival) < _rank(me) for rival in alive):
            withdraw(store, run_id)
            return False
        if not alive:
            for rival in rivals.values():
                withdraw(store, rival.run_id)
            try:
                client.delete_tag(run_id, OPENED)
            except MlflowException:  # another process has withdrawn it: this one was away
                leave(run_id)
                return False
            return True
        time.sleep(PAUSE_S)


def withdraw(store: Store, run_id: str) -> None:
    """Delete a run that was opened and not settled, unless it is deleted already."""
    from mlflow.exceptions import MlflowException

    leave(run_id)
    with contextlib.suppress(MlflowException):
        store.client().delete_run(run_id)


def _rank(run: StoredRun) -> tuple[float, str]:
    """What decides between runs that were opened at once."""
    return run.start.timestamp(), run.run_id

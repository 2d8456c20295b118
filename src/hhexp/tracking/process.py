"""Which process trains a run, to tell an abandoned run from one that is still training."""

import functools
import os
import socket
import time
from collections.abc import Mapping

import psutil

from hhexp.tracking.store import Store
from hhexp.tracking.tags import CLAIM, PROCESS

CLAIM_S = 60
"""A claim takes moments; one that is older, in seconds, is of a process that was killed."""
TOLERANCE_S = 5
"""How far apart two readings of the time at which one process started may be, in seconds. The
system counts from its boot, whose time it knows to the second and moves when its clock is set."""


def name_this_process() -> str:
    """Names this process: host, process ID, and the moment it started."""
    return name_process(os.getpid())


@functools.cache  # the time of start may be another when it is read again
def name_process(pid: int) -> str:
    """Names a process of this machine."""
    return f"{socket.gethostname()} {pid} {psutil.Process(pid).create_time():.2f}"


def find_trainer(status: str, tags: Mapping[str, str]) -> str | None:
    """The other process that is training a run, according to the store."""
    name = tags.get(PROCESS)
    return name if status == "RUNNING" and name != name_this_process() and is_alive(name) else None


def describe(name: str) -> str:
    """Say which process trains a run, and whether this machine can know that it does."""
    host, pid, *_ = name.split(" ")
    if host == socket.gethostname():
        return f"process {pid} is training it"
    return f"process {pid} on {host} seems to be training it"


def claim(store: Store, run_id: str) -> bool:
    """Take an interrupted run for this process, unless another has it or takes it just now.

    A store has no lock. So a process that wants a run sets its own tag first and then looks: of
    two, at least the later sees the other. Then the first by name takes it.
    """
    client, me = store.client(), name_this_process()
    client.set_tag(run_id, CLAIM + me, str(int(time.time())))
    try:
        while True:
            run = client.get_run(run_id)
            others = _read_claims(run.data.tags) - {me}
            taken = run.info.status == "FINISHED" or find_trainer(run.info.status, run.data.tags)
            if taken or min(others, default=me) < me:
                return False
            if not others:
                client.set_tag(run_id, PROCESS, me)
                client.update_run(run_id, status="RUNNING")
                return True
            time.sleep(0.1)
    finally:
        client.delete_tag(run_id, CLAIM + me)


def _read_claims(tags: Mapping[str, str]) -> set[str]:
    """The processes that want a run now."""
    now = time.time()
    return {
        key.removeprefix(CLAIM)
        for key, since in tags.items()
        if key.startswith(CLAIM) and now - int(since) < CLAIM_S
    }


def is_alive(name: str | None) -> bool:
    """Whether a named process still runs; one on another host is taken to.

    One that an older version named, by clock ticks since boot, is taken to have ended.
    """
    if name is None:
        return False
    host, _, rest = name.partition(" ")
    if host != socket.gethostname():
        return True
    pid, _, started = rest.partition(" ")
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(started)) < TOLERANCE_S
    except (psutil.Error, ValueError):
        return False

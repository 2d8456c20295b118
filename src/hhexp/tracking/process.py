"""Names of processes: which one owns a run, and whether it still runs, where that can be seen.

A name has five words: the host; the process ID; when the process started, in seconds since 1970;
the place, within which process IDs mean something; and a random token, so that no two owners ever
have one name.
"""

import functools
import hashlib
import os
import secrets
import socket
import sys
from pathlib import Path

import psutil

TOLERANCE_S = 5
"""How far apart two readings of the time at which one process started may be, in seconds. The
system counts from its boot, whose time it knows to the second and moves when its clock is set."""


def name_this_process() -> str:
    """Names this process."""
    return name_process(os.getpid())


@functools.cache  # the time of start may be another when it is read again, and the token will be
def name_process(pid: int) -> str:
    """Names a process of this place."""
    started = psutil.Process(pid).create_time()
    return f"{socket.gethostname()} {pid} {started:.2f} {read_place()} {secrets.token_hex(8)}"


def read_place() -> str:
    """Names where a process ID means something: one boot of one system and, on Linux, one PID
    namespace of it. Containers may have one host name, but not one place."""
    if sys.platform != "linux":
        return _shorten(socket.gethostname())
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return _shorten(boot + os.readlink("/proc/self/ns/pid"))
    except OSError:  # then no process sees another: their heartbeats tell
        return secrets.token_hex(6)


def is_running(name: str) -> bool | None:
    """Whether a named process still runs; None where that cannot be seen from here.

    A process that has ended and that nobody has taken note of (a zombie) does not run. Older
    versions named no place, and then the host's name has to do; where they named the start by clock
    ticks since boot, the process is taken to have ended.
    """
    host, _, rest = name.partition(" ")
    pid, _, rest = rest.partition(" ")
    started, _, rest = rest.partition(" ")
    place = rest.partition(" ")[0]
    if place != read_place() and (place or host != socket.gethostname()):
        return None
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(started)) < TOLERANCE_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return None
    except (psutil.Error, ValueError):
        return False


def describe(name: str) -> str:
    """Say which process trains a run, and whether this machine can know that it does."""
    host, pid, *_ = name.split(" ")
    if is_running(name) is not None:
        return f"process {pid} is training it"
    here = " (another machine or container of this name)" if host == socket.gethostname() else ""
    return f"process {pid} on {host}{here} seems to be training it"


def _shorten(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

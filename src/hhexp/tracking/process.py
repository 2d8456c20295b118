"""Which process trains a run, so that a run left behind can be told from one that goes on."""

import contextlib
import os
import socket
from pathlib import Path


def this_process() -> str:
    """Names this process: host, process ID, and the moment it started."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def is_alive(name: str | None) -> bool:
    """Whether a named process still runs; one on another host is taken to."""
    if name is None:
        return False
    host, _, rest = name.partition(" ")
    if host != socket.gethostname():
        return True
    pid, _, started = rest.partition(" ")
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty where the system does not tell."""
    with contextlib.suppress(OSError, IndexError):
        # The second field, the command in brackets, may hold spaces: count from behind it.
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    return ""

"""What a run computes on: Python, the system, the CPU and the GPUs."""

import contextlib
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hhexp.training.isa import cpu_flags, find_effective
from hhexp.training.runtime import cpu_name

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
PATIENCE_S = 20


def describe_machine(isa: str) -> dict[str, Any]:
    """The machine, without its name; ``isa`` is the run's ``runtime.isa``.

    Cache sizes are included because oneDNN divides the work by them.
    """
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "os": platform.platform(),
        "libc": " ".join(platform.libc_ver()),
        "architecture": platform.machine(),
        "cpu": cpu_name(),
        "instruction_set": find_effective(isa),
        "cores": os.cpu_count(),
        "usable_cores": count_usable_cores(),
        "caches": _read_caches(),
        "gpus": _list_gpus(),
        "cpu_flags": sorted(cpu_flags() or ()),
    }


def count_usable_cores() -> int:
    """How many cores this process may use, with the CPU quota of its container, rounded up."""
    from joblib import cpu_count  # its import takes 0.2 s

    return cpu_count()


def _read_caches() -> dict[str, str]:
    """The first core's caches, and the cores that share each: {"L2": "2048K of 0-1"}."""
    found = {}
    with contextlib.suppress(OSError):
        for folder in sorted(CACHES.glob("index*")):
            read = {
                name: (folder / name).read_text().strip()
                for name in ("level", "type", "size", "shared_cpu_list")
            }
            if read["type"] != "Instruction":
                found[f"L{read['level']}"] = f"{read['size']} of {read['shared_cpu_list']}"
    return found


def _list_gpus() -> list[str]:
    """NVIDIA's GPUs as ``name, driver version, memory``; none where its tools are not there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=name,driver_version,memory.total"
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [program, query, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        return [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return []

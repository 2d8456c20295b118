"""What this machine is to hhexp: versions, processors, cache, and whose bits its runs have."""

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from hhexp import __version__
from hhexp.data.cache import cache_folder
from hhexp.launching.devices import find_gpus
from hhexp.provenance.machine import count_usable_cores
from hhexp.tracking.pruning import GB
from hhexp.training.isa import NEEDS, cpu_flags, find_effective
from hhexp.training.portability import MADE_FOR
from hhexp.training.runtime import cpu_name

PACKAGES = ("tensorflow", "keras", "mlflow", "numpy")


def describe_machine() -> Iterator[str]:
    """A line for each thing that decides what runs here are and cost, without TensorFlow's start
    where there is no GPU."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield f"hhexp {__version__}, Python {platform.python_version()}, {packages}"
    yield f"{cpu_name()}: {count_usable_cores()} cores, instruction set {find_effective('native')}"
    gpus = len(find_gpus())
    yield (
        f"{gpus} GPUs, on which runs are trained" if gpus else "no GPU: runs are trained on the CPU"
    )
    yield _describe_cache()
    yield f"a run's bits: {describe_bits(gpus)}"


def describe_bits(gpus: int) -> str:
    """On which machines else a run has the bits that it has here.

    Args:
        gpus: how many TensorFlow finds.
    """
    flags = cpu_flags()
    if flags is None or platform.machine() != "x86_64":
        return f"those of {platform.system()} on {platform.machine()}"
    if not NEEDS["avx2"] <= flags:
        return "those of CPUs without AVX2"
    anywhere = "those of any x86 CPU"
    if find_effective("native").startswith("avx512"):
        anywhere = f"{anywhere} with runtime.isa=avx2, else those of CPUs with AVX-512"
    if gpus:
        anywhere = f"those of this kind of GPU; with runtime.device=cpu {anywhere}"
    if (installed := version("tensorflow")) != MADE_FOR:
        anywhere += f" (known of TensorFlow {MADE_FOR}, not of {installed})"
    return anywhere


def _describe_cache() -> str:
    folder = cache_folder()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free / GB
    taken = sum(file.stat().st_size for file in _list_files(folder)) / GB
    return f"cache: {folder}, {taken:.2f} GB; {free:.0f} GB free"


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())

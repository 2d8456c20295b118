"""GPUs, and what runs at once, counted without TensorFlow in this process."""

import functools
import glob
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from hhexp.config.schema import Runtime
from hhexp.errors import UserError
from hhexp.launching.main_module import hide_main_module
from hhexp.provenance.machine import count_usable_cores
from hhexp.training.isa import find_effective


@dataclass(frozen=True)
class Target:
    """What a run computes on, as far as its identity goes."""

    device: str
    """cpu or gpu."""
    instruction_set: str
    """The effective one, as oneDNN names it."""


@functools.cache
def find_gpus() -> tuple[str, ...]:
    """The GPUs that TensorFlow would see, as values for CUDA_VISIBLE_DEVICES.

    TensorFlow is asked, in its own process, and only if there is a driver.
    """
    if not glob.glob("/dev/nvidia[0-9]*") and not os.path.exists("/dev/dxg"):
        return ()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        with hide_main_module():
            counting = process.submit(_count_gpus)  # which starts the process
        count = counting.result()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(number) for number in range(count)]
    return tuple(names[:count])


def _count_gpus() -> int:
    from hhexp.training.runtime import quiet_stderr

    with quiet_stderr():
        import tensorflow as tf

        return len(tf.config.list_physical_devices("GPU"))


def choose_device(wanted: str) -> str:
    """Whether a run computes on a cpu or a gpu.

    Args:
        wanted: auto, cpu or gpu.

    Raises:
        UserError: a GPU is wanted and there is none.
    """
    if wanted == "cpu" or (wanted == "auto" and not find_gpus()):
        return "cpu"
    if not find_gpus():
        raise UserError(
            "runtime.device=gpu: TensorFlow finds no GPU; install hhexp[gpu] and NVIDIA's "
            "driver, or set runtime.device=cpu"
        )
    return "gpu"


def find_target(runtime: Runtime) -> Target:
    """What a run of these settings computes on if this machine trains it.

    Raises:
        UserError: a GPU is wanted and there is none.
    """
    return Target(choose_device(runtime.device), find_effective(runtime.isa))


def list_slots(kinds: set[str], threads: int) -> list[str]:
    """What runs at the same time: each run's CUDA_VISIBLE_DEVICES, empty for a run on the CPU.

    One run per GPU, or cores / threads runs on the CPU. A sweep over both devices trains one run at
    a time.
    """
    if kinds == {"gpu"}:
        return list(find_gpus())
    if kinds == {"cpu"}:
        return [""] * max(1, count_usable_cores() // threads)
    return [find_gpus()[0]]

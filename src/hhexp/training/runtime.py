"""TensorFlow, started in the one way that a run's bits may depend on."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from hhexp.errors import UserError
from hhexp.training.exact import LEFT_AS_TRACED
from hhexp.training.isa import isa_variables

OVERRULED = (
    *("ONEDNN_CPU_ISA_HINTS", "DNNL_CPU_ISA_HINTS"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE", "TF_SET_ONEDNN_FPMATH_MODE"),
    "TF_USE_DEEP_CONV2D",
    *("TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE"),
)
"""Variables that would move the numbers past the configuration: it decides, not the shell."""

LOGS = re.compile(
    rb"WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:|[IWE]0000 |"
    rb"To enable the following instructions: "
)
"""How the lines begin that TensorFlow writes to stderr when it is imported."""

HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""Lets the C library ask for memory in pages of 2 MB: a step's maps are hundreds of MB, and finding
them in small pages takes some CPUs a tenth of the time. It is read at a process's start only, from
``GLIBC_TUNABLES``; a system that does not know it goes on without."""


@dataclass(frozen=True)
class Device:
    """What a run computes on: ``kind`` is cpu or gpu."""

    kind: str
    name: str


def start_tensorflow(*, device: str, threads: int, precision: str, isa: str) -> Device:
    """Import TensorFlow with oneDNN on, pinned threads and deterministic kernels.

    Must come before anything else imports TensorFlow in this process. oneDNN's kernels are used on
    every CPU, since TensorFlow by itself takes them on some CPUs only and they move the bits.

    Args:
        device: auto, cpu or gpu.
        threads: intra-op threads; their number moves the bits.
        precision: Keras's dtype policy, float32 or mixed_bfloat16.
        isa: the most that oneDNN's kernels may use of the CPU's instructions.

    Raises:
        UserError: a GPU is asked for and TensorFlow sees none.
    """
    set_variables(isa)
    with quiet_stderr():
        import keras
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
        gpus = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise UserError(
            "runtime.device=gpu: TensorFlow sees no GPU here; install hhexp[gpu] and NVIDIA's "
            "driver, or set runtime.device=cpu"
        )
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        gpus = []
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options(LEFT_AS_TRACED)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(precision)
    with quiet_stderr():
        tf.zeros(1)  # the first operation sets up the devices, and says so on stderr
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return Device("gpu", details.get("device_name", "GPU"))
    return Device("cpu", cpu_name())


def set_variables(isa: str) -> None:
    """Set what TensorFlow reads when it is imported."""
    for name in OVERRULED:
        os.environ.pop(name, None)
    os.environ.update(runtime_variables(isa))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def set_huge_pages(own: str | None) -> str:
    """``GLIBC_TUNABLES`` for a process that trains; what a person has set in it stays."""
    if own is None:
        return HUGE_PAGES
    return own if HUGE_PAGES.partition("=")[0] in own else f"{own}:{HUGE_PAGES}"


def runtime_variables(isa: str) -> dict[str, str]:
    """The environment variables that are set before TensorFlow's import and move the numbers."""
    return {"TF_ENABLE_ONEDNN_OPTS": "1", **isa_variables(isa), "KERAS_BACKEND": "tensorflow"}


def cpu_name() -> str:
    """The CPU's own name, as far as the system tells."""
    import platform

    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep the file descriptor 2, which C++ libraries write to, silent unless the body fails.

    Ctrl-C is no failure.
    """
    with _capture_stderr() as (captured, kept):
        try:
            yield
        except Exception:
            captured.seek(0)
            os.write(kept, captured.read())
            raise


@contextlib.contextmanager
def import_quietly(isa: str) -> Iterator[None]:
    """Within it a person's own module may import TensorFlow: as a run does, and without its logs.

    Whatever else is written to stderr is shown at the end.
    """
    set_variables(isa)
    with _capture_stderr() as (captured, kept):
        try:
            yield
        finally:
            captured.seek(0)
            lines = captured.read().splitlines(keepends=True)
            os.write(kept, b"".join(line for line in lines if not LOGS.match(line)))


@contextlib.contextmanager
def _capture_stderr() -> Iterator[tuple[IO[bytes], int]]:
    """What is written to the file descriptor 2, as a file; and the descriptor of the real one."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            yield captured, kept
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)

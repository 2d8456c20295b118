"""The CPU's instruction set as oneDNN names it: it decides the kernels, and so a run's bits.

oneDNN's own rules are in its ``cpu_isa_traits.hpp`` (``mayiuse``) and ``cpu_isa_traits.cpp``.
"""

import contextlib
import platform

VARIABLE = "ONEDNN_MAX_CPU_ISA"

_AVX2 = {"sse4_1", "avx", "avx2"}
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512vl", "avx512dq"}
_BF16 = _AVX512 | {"avx512_vnni", "avx512_bf16"}
_FP16 = _BF16 | {"avx512_fp16", "avx_vnni"}
NEEDS: dict[str, set[str]] = {
    "avx512_core_amx": _FP16 | {"amx_tile", "amx_int8", "amx_bf16"},
    "avx512_core_fp16": _FP16,
    "avx512_core_bf16": _BF16,
    "avx512_core_vnni": _AVX512 | {"avx512_vnni"},
    "avx512_core": _AVX512,
    "avx2_vnni": _AVX2 | {"avx_vnni"},
    "avx2": _AVX2,
    "avx": {"sse4_1", "avx"},
    "sse41": {"sse4_1"},
}
"""oneDNN's instruction sets, as it tries them, with the flags in /proc/cpuinfo that each needs.

They are ordered in part only: avx2_vnni is no subset of avx512_core. Linux does not list the flags
of avx2_vnni_2 and avx512_core_amx_fp16, which serve 16-bit floats alone: those CPUs count as the
set below.
"""

OPTIONS = {
    "sse41": "sse41",
    "avx": "avx",
    "avx2": "avx2",
    "avx2_vnni": "avx2_vnni",
    "avx512": "avx512_core",
    "avx512_vnni": "avx512_core_vnni",
    "avx512_bf16": "avx512_core_bf16",
    "avx512_fp16": "avx512_core_fp16",
    "amx": "avx512_core_amx",
}
"""Values of ``runtime.isa`` beside native, and oneDNN's names; it passes over any other name."""


def find_effective(option: str) -> str:
    """What oneDNN's kernels use under ``runtime.isa``: the CPU's instruction set or a lesser one.

    Returns:
        oneDNN's name, such as avx512_core_bf16; none where the CPU has none of them. Where the
        system does not list the CPU's flags (macOS, ARM), the option and the kind of machine.
    """
    flags = cpu_flags()
    if flags is None:
        return f"{option}:{platform.machine()}"
    if option != "native":
        flags &= NEEDS[OPTIONS[option]]
    return next((name for name, needed in NEEDS.items() if needed <= flags), "none")


def find_option(effective_set: str) -> str:
    """The value of ``runtime.isa`` that caps another CPU to a recorded effective set."""
    by_name = {name: key for key, name in OPTIONS.items()}
    return by_name.get(effective_set, "native")


def reaches(effective_set: str) -> bool:
    """Whether this CPU has all of a recorded effective set, so that a cap can bring it here."""
    return find_effective(find_option(effective_set)) == effective_set


def isa_variables(option: str) -> dict[str, str]:
    """What has to be in the environment before TensorFlow is imported.

    The effective set is the cap under ``native`` too, so that its name says all that was used. The
    variable is always there: where it is not, oneDNN looks for DNNL_MAX_CPU_ISA.
    """
    name = OPTIONS.get(option) if cpu_flags() is None else find_effective(option)
    return {VARIABLE: name.upper() if name in NEEDS else "DEFAULT"}


def cpu_flags() -> set[str] | None:
    """The CPU's flags as Linux lists them; None where the system does not."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    return None

"""Where mixed_bfloat16 is slow. What oneDNN may use of the CPU decides it, not the CPU alone."""

from hhexp.config.schema import Runtime
from hhexp.launching.devices import choose_device
from hhexp.training import isa

WITH_BFLOAT16 = ("avx512_core_bf16", "avx512_core_fp16", "avx512_core_amx")
"""oneDNN's instruction sets that multiply bfloat16; with the others it converts to float32."""


def multiplies_bfloat16(option: str) -> bool:
    """Whether oneDNN is known to multiply bfloat16 in hardware under a value of ``runtime.isa``."""
    return isa.find_effective(option) in WITH_BFLOAT16


def warn_of_bfloat16(runtime: Runtime) -> str | None:
    """A warning where mixed_bfloat16 takes several times as long as float32; None elsewhere.

    As measured (benchmarks/README.md): nine times as long on a CPU with AVX2 only, three times with
    AVX-512 only; with AVX512_BF16 0.6 times on a Zen 4 and 1.3 times on a Xeon.
    """
    if (
        runtime.precision != "mixed_bfloat16"
        or choose_device(runtime.device) != "cpu"
        or multiplies_bfloat16(runtime.isa)
    ):
        return None
    if isa.cpu_flags() is None:
        return (
            "warning: mixed_bfloat16 may be several times slower than float32 here, because the "
            "system does not say whether the CPU has AVX512_BF16 or AMX; compare an epoch of each"
        )
    if multiplies_bfloat16("native"):
        reason = f"runtime.isa={runtime.isa} does not let oneDNN use the CPU's AVX512_BF16 or AMX"
        advice = "runtime.isa=native, or runtime.precision=float32"
    else:
        reason, advice = "the CPU has neither AVX512_BF16 nor AMX", "runtime.precision=float32"
    return (
        f"warning: mixed_bfloat16 is several times slower than float32 here, because {reason}; "
        f"set {advice}"
    )

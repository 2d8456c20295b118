"""Where mixed_bfloat16 is slow. What oneDNN may use of the CPU decides it, not the CPU alone."""

from collections.abc import Callable

from hhexp.config.schema import Runtime
from hhexp.launching.devices import Target

WITH_BFLOAT16 = ("avx512_core_bf16", "avx512_core_fp16", "avx512_core_amx")
"""oneDNN's instruction sets that multiply bfloat16; with the others it converts to float32."""


def multiplies_bfloat16(instruction_set: str) -> bool:
    """Whether oneDNN is known to multiply bfloat16 in hardware with an effective set."""
    return instruction_set in WITH_BFLOAT16


def warn_of_bfloat16(runtime: Runtime, find_target: Callable[[Runtime], Target]) -> str | None:
    """A warning where mixed_bfloat16 takes several times as long as float32; None elsewhere.

    As measured (benchmarks/README.md): nine times as long on a CPU with AVX2 only, three times with
    AVX-512 only; with AVX512_BF16 0.6 times on a Zen 4 and 1.3 times on a Xeon.
    """
    target = find_target(runtime)
    if (
        runtime.precision != "mixed_bfloat16"
        or target.device != "cpu"
        or multiplies_bfloat16(target.instruction_set)
    ):
        return None
    if ":" in target.instruction_set:
        return (
            "warning: mixed_bfloat16 may be several times slower than float32 here, because the "
            "system does not say whether the CPU has AVX512_BF16 or AMX; compare an epoch of each"
        )
    uncapped = find_target(runtime.model_copy(update={"isa": "native"}))
    if multiplies_bfloat16(uncapped.instruction_set):
        reason = f"runtime.isa={runtime.isa} does not let oneDNN use the CPU's AVX512_BF16 or AMX"
        advice = "runtime.isa=native, or runtime.precision=float32"
    else:
        reason, advice = "the CPU has neither AVX512_BF16 nor AMX", "runtime.precision=float32"
    return (
        f"warning: mixed_bfloat16 is several times slower than float32 here, because {reason}; "
        f"set {advice}"
    )

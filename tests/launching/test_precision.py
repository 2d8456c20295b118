"""Where a run warns that mixed_bfloat16 is slow: by what oneDNN may use."""

import pytest

from hhexp.config.schema import Runtime
from hhexp.launching import devices
from hhexp.launching.precision import multiplies_bfloat16, warn_of_bfloat16
from hhexp.training import isa

HASWELL = isa.NEEDS["avx2"]
SKYLAKE = isa.NEEDS["avx512_core"]
ZEN_4 = isa.NEEDS["avx512_core_bf16"]
SAPPHIRE_RAPIDS = isa.NEEDS["avx512_core_amx"]


def warn(option: str = "native", precision: str = "mixed_bfloat16", device: str = "auto") -> str:
    runtime = Runtime.model_validate(
        {"device": device, "threads": 2, "precision": precision, "isa": option}
    )
    return warn_of_bfloat16(runtime, devices.find_target) or ""


@pytest.fixture
def set_flags(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(devices, "find_gpus", lambda: ())

    def set_flags(flags: set[str] | None) -> None:
        monkeypatch.setattr(isa, "cpu_flags", lambda: None if flags is None else set(flags))

    return set_flags


@pytest.mark.parametrize(
    ("flags", "option"),
    [
        (ZEN_4, "native"),
        (ZEN_4, "avx512_bf16"),
        (SAPPHIRE_RAPIDS, "native"),
        (SAPPHIRE_RAPIDS, "avx512_fp16"),
        (SAPPHIRE_RAPIDS, "avx512_bf16"),
    ],
)
def test_there_is_no_warning_where_the_hardware_multiplies_bfloat16(
    set_flags, flags: set[str], option: str
) -> None:
    set_flags(flags)
    assert multiplies_bfloat16(isa.find_effective(option)) and warn(option) == ""


@pytest.mark.parametrize("flags", [HASWELL, SKYLAKE])
def test_a_cpu_without_bfloat16_is_slow_whatever_the_cap(set_flags, flags: set[str]) -> None:
    set_flags(flags)
    assert warn() == warn("amx")
    assert warn().endswith(
        "because the CPU has neither AVX512_BF16 nor AMX; set runtime.precision=float32"
    )


@pytest.mark.parametrize("flags", [ZEN_4, SAPPHIRE_RAPIDS])
@pytest.mark.parametrize("option", ["avx512", "avx512_vnni"])
def test_a_cap_that_takes_bfloat16_away_is_named(set_flags, flags: set[str], option: str) -> None:
    set_flags(flags)
    assert f"because runtime.isa={option} does not let oneDNN use" in warn(option)
    assert warn(option).endswith("set runtime.isa=native, or runtime.precision=float32")


def test_a_cpu_that_is_not_known_gets_no_certain_answer(set_flags) -> None:
    set_flags(None)
    assert "may be several times slower" in warn() and "several times slower" not in warn(
        precision="float32"
    )


def test_nothing_is_said_of_float32_or_of_a_gpu(set_flags, monkeypatch: pytest.MonkeyPatch) -> None:
    set_flags(HASWELL)
    assert warn(precision="float32") == ""
    monkeypatch.setattr(devices, "find_gpus", lambda: ("0",))
    assert warn(device="gpu") == warn(device="auto") == ""
    assert warn(device="cpu") != ""

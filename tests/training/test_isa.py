"""Instruction sets as oneDNN names and orders them."""

import os
import platform
import subprocess
import sys

import pytest

from hhexp.training import isa

AVX2 = {"sse4_1", "avx", "avx2"}
SKYLAKE = AVX2 | {"avx512f", "avx512bw", "avx512vl", "avx512dq"}
ICE_LAKE = SKYLAKE | {"avx512_vnni"}
ZEN_4 = ICE_LAKE | {"avx512_bf16"}
SAPPHIRE_RAPIDS_NO_AMX = ZEN_4 | {"avx512_fp16", "avx_vnni"}
SAPPHIRE_RAPIDS = SAPPHIRE_RAPIDS_NO_AMX | {"amx_tile", "amx_int8", "amx_bf16"}
ALDER_LAKE = AVX2 | {"avx_vnni"}


def pretend(monkeypatch: pytest.MonkeyPatch, flags: set[str] | None) -> None:
    monkeypatch.setattr(isa, "cpu_flags", lambda: None if flags is None else set(flags))


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (SAPPHIRE_RAPIDS, "avx512_core_amx"),
        (SAPPHIRE_RAPIDS_NO_AMX, "avx512_core_fp16"),
        (ZEN_4, "avx512_core_bf16"),
        (ZEN_4 | {"avx_vnni"}, "avx512_core_bf16"),
        (ICE_LAKE, "avx512_core_vnni"),
        (SKYLAKE, "avx512_core"),
        (SKYLAKE - {"avx512dq"}, "avx2"),
        (ALDER_LAKE, "avx2_vnni"),
        (AVX2, "avx2"),
        (AVX2 - {"avx2"}, "avx"),
        ({"sse4_1"}, "sse41"),
        ({"sse2"}, "none"),
    ],
)
def test_a_cpu_s_own_set(flags: set[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, flags)
    assert isa.find_effective("native") == name


@pytest.mark.parametrize(
    ("flags", "option", "name"),
    [
        (SAPPHIRE_RAPIDS, "avx512", "avx512_core"),
        (SAPPHIRE_RAPIDS, "avx512_fp16", "avx512_core_fp16"),
        (AVX2, "avx512", "avx2"),
        (AVX2, "avx2_vnni", "avx2"),
        (ALDER_LAKE, "avx512", "avx2"),  # avx2_vnni is no part of avx512_core
        (ALDER_LAKE, "avx512_fp16", "avx2_vnni"),
        (SKYLAKE, "avx2_vnni", "avx2"),
        (ICE_LAKE, "sse41", "sse41"),
    ],
)
def test_the_lesser_of_the_cpu_and_the_cap_counts(
    flags: set[str], option: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, flags)
    assert isa.find_effective(option) == name
    assert isa.isa_variables(option) == {"ONEDNN_MAX_CPU_ISA": name.upper()}


@pytest.mark.parametrize("name", isa.NEEDS)
def test_a_recorded_set_is_reached_by_every_cpu_that_has_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, SAPPHIRE_RAPIDS)
    assert isa.reaches(name)
    assert isa.find_effective(isa.find_option(name)) == name
    pretend(monkeypatch, {"sse4_1"})
    assert isa.reaches(name) == (name == "sse41")


def test_a_system_that_lists_no_flags_says_what_machine_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, None)
    assert isa.find_effective("native") == f"native:{platform.machine()}"
    assert isa.isa_variables("native") == {"ONEDNN_MAX_CPU_ISA": "DEFAULT"}
    assert not isa.reaches("avx2")
    assert isa.reaches(f"native:{platform.machine()}")
    assert not isa.reaches("native:another")


def test_a_cap_is_set_even_where_the_cpu_s_flags_are_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, None)
    assert isa.isa_variables("avx2") == {"ONEDNN_MAX_CPU_ISA": "AVX2"}


@pytest.mark.slow
@pytest.mark.skipif(isa.cpu_flags() is None, reason="the system lists no CPU flags")
def test_onednn_takes_the_names() -> None:
    """oneDNN passes over a name that it does not know, so it is asked what it uses."""
    code = (
        "from hhexp.training.runtime import start_tensorflow\n"
        "start_tensorflow(device='cpu', threads=1, precision='float32', isa='avx')\n"
        "import tensorflow as tf\n"
        "tf.nn.conv2d(tf.ones((1, 8, 8, 4)), tf.ones((3, 3, 4, 8)), 1, 'VALID')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ONEDNN_VERBOSE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = [line for line in done.stdout.splitlines() if "cpu,isa:" in line]
    assert said and said[0].rstrip().endswith("isa:Intel AVX")

"""What the doctor says of the machine."""

import pytest

from hhexp.launching import checkup
from hhexp.training import isa


@pytest.mark.parametrize(
    ("has", "gpus", "said"),
    [
        ("avx2", 0, "those of any x86 CPU"),
        ("avx512_core", 0, "any x86 CPU with runtime.isa=avx2, else those of CPUs with AVX-512"),
        ("avx2", 1, "those of this kind of GPU; with runtime.device=cpu those of any x86 CPU"),
        ("sse41", 0, "those of CPUs without AVX2"),
    ],
)
def test_it_says_on_which_machines_a_run_has_the_same_bits(
    has: str, gpus: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (checkup, isa):
        monkeypatch.setattr(module, "cpu_flags", lambda: set(isa.NEEDS[has]))
    monkeypatch.setattr(checkup.platform, "machine", lambda: "x86_64")
    assert checkup.describe_bits(gpus).endswith(said)


def test_another_version_of_tensorflow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checkup, isa):
        monkeypatch.setattr(module, "cpu_flags", lambda: set(isa.NEEDS["avx2"]))
    monkeypatch.setattr(checkup.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(checkup, "version", lambda _: "9.9")
    assert "(known of TensorFlow 2.21.0, not of 9.9)" in checkup.describe_bits(0)


def test_the_cache_is_weighed(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HHEXP_CACHE", f"{tmp_path}/none/yet")
    assert any(f"{tmp_path}/none/yet, 0.00 GB; " in line for line in checkup.describe_machine())

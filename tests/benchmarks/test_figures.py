"""What can be measured where, and what must be reached there."""

import importlib.util

import pytest

from benchmarks import figures
from benchmarks.figures import FIGURES, explain_absence, find_target
from benchmarks.turns import AUGMENTATIONS, EPOCH_TURNS
from hhexp.training import isa


def test_bfloat16_is_measured_where_the_cpu_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, measured in {
        "avx2": False,
        "avx512_core": False,
        "avx512_core_bf16": True,  # Zen 4
        "avx512_core_amx": True,
    }.items():
        monkeypatch.setattr(isa, "cpu_flags", lambda name=name: set(isa.NEEDS[name]))
        for figure in ("epoch-bf16", "aug-bf16", "run-bf16", "sweep-bf16"):
            assert (explain_absence(figure) is None) is measured
        assert explain_absence("sweep") is None


def test_the_targets_for_bfloat16_are_for_cpus_with_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "cpu_flags", lambda: set(isa.NEEDS["avx512_core_bf16"]))
    assert (find_target("sweep"), find_target("sweep-bf16")) == (4.0, None)
    monkeypatch.setattr(figures, "cpu_flags", lambda: set(isa.NEEDS["avx512_core_amx"]))
    assert (find_target("run-bf16"), find_target("sweep-bf16")) == (3.5, 7.0)


def test_albumentations_is_compared_where_it_is_installed() -> None:
    installed = importlib.util.find_spec("albumentations") is not None
    assert (explain_absence("aug-albumentations") is None) is installed


def test_each_turn_serves_figures_that_there_are() -> None:
    served = {name for turn in (*EPOCH_TURNS, *AUGMENTATIONS) for name in turn.serves}
    assert served == set(FIGURES) - {"memory"}

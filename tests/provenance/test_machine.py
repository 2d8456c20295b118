"""What a run computes on, and how much of it a process may use."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from joblib.externals.loky.backend import context

from hhexp.provenance.machine import count_usable_cores

V1 = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"
V2 = "/sys/fs/cgroup/cpu.max"


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ({}, 8),
        ({V2: "max 100000"}, 8),
        ({V2: "200000 100000"}, 2),
        ({V2: "250000 100000"}, 3),
        ({V2: "1000 100000"}, 1),
        ({V1[0]: "-1", V1[1]: "100000"}, 8),
        ({V1[0]: "300000", V1[1]: "100000"}, 3),
    ],
)
def test_a_container_s_quota_limits_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: Mapping[str, str], cores: int
) -> None:
    machine_with(8, monkeypatch)
    files = {name: tmp_path / name.replace("/", "_") for name in quota}
    for name, file in files.items():
        file.write_text(f"{quota[name]}\n")
    exists = os.path.exists
    monkeypatch.setattr(
        "os.path.exists",
        lambda path: path in files if str(path).startswith("/sys/fs/cgroup") else exists(path),
    )
    monkeypatch.setattr(context, "open", lambda path: files[path].open(), raising=False)
    assert count_usable_cores() == cores


def test_cores_that_a_process_may_not_run_on_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(8, monkeypatch)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {2, 5}, raising=False)
    assert count_usable_cores() <= 2


def machine_with(cores: int, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    patch.setattr("os.cpu_count", lambda: cores)
    patch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)

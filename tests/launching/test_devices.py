"""Which device a run takes, how many run at once, and which GPU each is lent."""

import pytest

from hhexp.errors import UserError
from hhexp.launching import devices


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", lambda: ("0", "1"))


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", lambda: ())
    monkeypatch.setattr(devices, "count_usable_cores", lambda: 8)


def test_auto_takes_a_gpu_where_there_is_one(two_gpus: None) -> None:
    assert devices.choose_device("auto") == "gpu"
    assert devices.choose_device("cpu") == "cpu"


def test_a_gpu_that_is_not_there_is_refused(no_gpu: None) -> None:
    assert devices.choose_device("auto") == "cpu"
    with pytest.raises(UserError, match=r"runtime\.device=gpu: TensorFlow finds no GPU"):
        devices.choose_device("gpu")


def test_each_gpu_has_one_run_at_a_time(two_gpus: None) -> None:
    assert devices.list_slots({"gpu"}, threads=2) == ["0", "1"]


def test_the_cpu_has_as_many_runs_as_its_cores_hold(no_gpu: None) -> None:
    assert devices.list_slots({"cpu"}, threads=2) == [""] * 4
    assert devices.list_slots({"cpu"}, threads=16) == [""]


def test_a_sweep_over_both_devices_runs_one_at_a_time(two_gpus: None) -> None:
    assert devices.list_slots({"cpu", "gpu"}, threads=2) == ["0"]

"""A file of PyTorch's weights is read without PyTorch, and can name nothing but tensors."""

import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hhexp.models.torch_weights import MAGIC, PROTOCOL, read_torch_weights

VALUES = np.arange(12, dtype="<f4").reshape(3, 4)
MADE = {"a.weight": VALUES, "b": np.array(7, "<i8"), "a.turned": VALUES.T}


class Stored:
    """Stands for a storage while it is pickled."""

    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key, self.values = key, values


class Tensor:
    """Is pickled as PyTorch pickles a tensor."""

    def __init__(self, stored: Stored, offset: int, shape: Any, strides: Any) -> None:
        self.parts = (stored, offset, shape, strides, False, OrderedDict())

    def __reduce__(self) -> Any:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules with the names that a file of PyTorch's names."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def rebuild(*parts: Any) -> None: ...

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def write(file: Path, torch: Any, content: Any, storages: list[Stored]) -> Path:
    """What ``torch.save`` wrote before version 1.6."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: Any) -> Any:
            if not isinstance(thing, Stored):
                return None
            kind = torch.LongStorage if thing.values.dtype == "<i8" else torch.FloatStorage
            return ("storage", kind, thing.key, "cpu", thing.values.size, None)

    with file.open("wb") as opened:
        for each in (MAGIC, PROTOCOL, {"little_endian": True}, content, [s.key for s in storages]):
            Pickler(opened, 2).dump(each)
        for stored in storages:
            opened.write(np.int64(stored.values.size).tobytes() + stored.values.tobytes())
    return file


def tensors() -> tuple[dict[str, Tensor], list[Stored]]:
    row, number = Stored("1", VALUES), Stored("2", np.array([7], "<i8"))
    made = OrderedDict(
        {
            "a.weight": Tensor(row, 0, (3, 4), (4, 1)),
            "b": Tensor(number, 0, (), ()),
            "a.turned": Tensor(row, 0, (4, 3), (1, 4)),
        }
    )
    return made, [row, number]


def test_tensors_come_back_by_name_whatever_their_order_in_memory(
    tmp_path: Path, torch: Any
) -> None:
    found = read_torch_weights(write(tmp_path / "w.pth", torch, *tensors()))
    assert found.keys() == MADE.keys()
    for name, value in MADE.items():
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_a_file_that_names_anything_else_runs_nothing(
    tmp_path: Path, torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path / "w.pth", torch, {"a": Evil()}, [])
    with pytest.raises(ValueError, match=r"it names posix\.system"):
        read_torch_weights(file)
    assert not (tmp_path / "ran").exists()


def test_a_tensor_beyond_its_numbers_is_refused(tmp_path: Path, torch: Any) -> None:
    row = Stored("1", VALUES)
    for offset, shape, strides in ((10, (3,), (1,)), (0, (3, 4), (5, 1)), (11, (2,), (-1,))):
        made = {"a": Tensor(row, offset, shape, strides)}
        with pytest.raises(ValueError, match="a tensor is larger than its numbers"):
            read_torch_weights(write(tmp_path / "w.pth", torch, made, [row]))


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, torch: Any) -> None:
    whole = write(tmp_path / "w.pth", torch, *tensors()).read_bytes()
    for length in (0, 20, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"PyTorch saved|smaller than|larger than its numbers"):
            read_torch_weights(tmp_path / "cut.pth")

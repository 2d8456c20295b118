"""Weights from a file that PyTorch saved before version 1.6, read without PyTorch.

Such a file is a row of pickles and then the numbers. Python's pickle can call any function that a
file names; here a file may name the few that make up a dict of tensors, and nothing else.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
"""What such a file starts with (``torch/serialization.py``)."""
PROTOCOL = 1001
DTYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
DESCRIPTIONS = 2**20
"""Bytes that the pickles before the numbers may take: they are names and shapes."""


class Storage(NamedTuple):
    """A row of numbers that comes later in the file."""

    key: str
    dtype: np.dtype[Any]
    size: int


class Tensor(NamedTuple):
    """An array in a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_weights(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict, by name.

    Raises:
        ValueError: the file is no such file, or names anything but tensors.
        OSError: it cannot be read.
    """
    content = file.read_bytes()
    stream = io.BytesIO(content[:DESCRIPTIONS])
    try:
        magic, protocol, _, tensors, keys = (_Reader(stream).load() for _ in range(5))
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"not weights that PyTorch saved: {error}") from error
    if magic != MAGIC or protocol != PROTOCOL:
        raise ValueError("not weights that PyTorch saved")
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise ValueError("not a dict of tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    numbers, start = {}, stream.tell()
    for key in keys:
        storage = storages[key]
        start += 8  # the size again
        end = start + storage.size * storage.dtype.itemsize
        if not start <= end <= len(content):
            raise ValueError("the file is smaller than the numbers that it should have")
        numbers[key] = np.frombuffer(content, storage.dtype, storage.size, start)
        start = end
    return {name: _cut(numbers[each.storage.key], each) for name, each in tensors.items()}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name."""
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        }
        if module == "torch" and name in DTYPES:
            return name  # persistent_load takes it
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """A storage, as torch's ``_legacy_save`` writes it."""
        kind, name, key, _, size, view = pid
        if kind != "storage" or name not in DTYPES or view is not None:
            raise pickle.UnpicklingError("it has a storage of an unknown kind")
        return Storage(str(key), DTYPES[str(name)], int(size))


def _rebuild_tensor(
    storage: Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any
) -> Tensor:
    return Tensor(storage, offset, tuple(shape), tuple(strides))


def _cut(numbers: np.ndarray, tensor: Tensor) -> np.ndarray:
    """A tensor's array."""
    steps = [(size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True)]
    if min(tensor.offset, *steps, 0) < 0 or tensor.offset + sum(steps) >= len(numbers):
        raise ValueError("a tensor is larger than its numbers")
    strides = [stride * numbers.itemsize for stride in tensor.strides]
    start = numbers[tensor.offset :]
    return np.lib.stride_tricks.as_strided(start, tensor.shape, strides, writeable=False).copy()

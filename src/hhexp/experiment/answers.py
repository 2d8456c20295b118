"""Every epoch's answers to every validation image, as one file among a run's artifacts.

Plain arrays in NumPy's .npz format. It may come from anyone, so it is read with its sizes checked.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from hhexp.limits import ANSWERS_BYTES
from hhexp.reading import damaged, parse_json
from hhexp.training.state import PastEpoch

FILE = "predictions/validation.npz"
"""The artifact's path."""
TEST_FILE = "predictions/test.npz"
"""That of the answers to the test images, after the last epoch alone."""
NAMES = TypeAdapter(list[str], config=ConfigDict(strict=True))
TYPES = {"probabilities.npy": "<f4", "labels.npy": "<i8", "classes.npy": "|u1"}
"""The parts of the file, and the types of their numbers."""


@dataclass(frozen=True, eq=False)
class Answers:
    """A run's answers in all its epochs."""

    probabilities: np.ndarray
    """[E, N, C] float32: after each epoch, for each image, each class's."""
    labels: np.ndarray
    """[N] int64: the true classes."""
    classes: tuple[str, ...]

    @property
    def right(self) -> np.ndarray:
        """[E, N] bool: whether each answer is right."""
        right: np.ndarray = self.probabilities.argmax(axis=2) == self.labels
        return right

    @property
    def losses(self) -> np.ndarray:
        """[E, N] float64: the cross-entropy of each answer."""
        true = self.probabilities[:, np.arange(len(self.labels)), self.labels].astype(np.float64)
        return -np.log(np.maximum(true, np.finfo(np.float32).tiny))


def write_answers(
    past: Sequence[PastEpoch], labels: np.ndarray, classes: Sequence[str]
) -> bytes | None:
    """The content of the file; None where an epoch's answers were not kept.

    Args:
        past: a run's epochs, one at least.
        labels: [N] the images' true classes.
        classes: their names.
    """
    kept = [epoch.probabilities for epoch in past if epoch.probabilities is not None]
    return pack_answers(np.stack(kept), labels, classes) if len(kept) == len(past) else None


def pack_answers(probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> bytes:
    """The content of the file.

    Args:
        probabilities: [E, N, C].
        labels: [N] the images' true classes.
        classes: their names.
    """
    names = np.frombuffer(json.dumps(list(classes)).encode(), np.uint8)
    content = io.BytesIO()
    packed = probabilities.astype("<f4")
    np.savez_compressed(content, probabilities=packed, labels=labels.astype("<i8"), classes=names)
    return content.getvalue()


def read_answers(content: bytes, run_id: str) -> Answers:
    """Read the file of a run, which other people may have made.

    Raises:
        UserError: it is damaged, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sizes = {part.filename: part.file_size for part in parts.infolist()}
            if sizes.keys() != TYPES.keys() or len(parts.infolist()) != len(TYPES):
                raise ValueError(f"must have the parts {', '.join(TYPES)}")
            ANSWERS_BYTES.check(sum(sizes.values()), f"{FILE} of run {run_id}")
            arrays = []
            for name, dtype in TYPES.items():
                with parts.open(name) as part:
                    arrays.append(_read_array(part, sizes[name], name, dtype))
        return _check(*arrays)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError),
        ValueError,
    ) as error:
        raise damaged(f"{FILE} of run {run_id}", ValueError(str(error))) from error


def _read_array(part: IO[bytes], size: int, name: str, dtype: str) -> np.ndarray:
    """An array whose header is believed only where the bytes are there."""
    if np.lib.format.read_magic(part) != (1, 0):
        raise ValueError(f"{name}: not as a run writes it")
    shape, by_columns, found = np.lib.format.read_array_header_1_0(part)
    if found != np.dtype(dtype) or by_columns or math.prod(shape) * found.itemsize > size:
        raise ValueError(f"{name}: has {found} of shape {shape}")
    return np.frombuffer(part.read(math.prod(shape) * found.itemsize), found).reshape(shape)


def _check(probabilities: np.ndarray, labels: np.ndarray, names: np.ndarray) -> Answers:
    classes = NAMES.validate_python(parse_json(names.tobytes().decode()))
    epochs, images, outputs = probabilities.shape
    if labels.shape != (images,) or len(classes) != outputs or not epochs * images * outputs:
        raise ValueError("its parts do not fit each other")
    if labels.min() < 0 or labels.max() >= outputs:
        raise ValueError("labels.npy: must be numbers of classes")
    return Answers(probabilities, labels, tuple(classes))

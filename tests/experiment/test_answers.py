"""A run's answers come back as they were written; what others have made of the file is refused."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from hhexp.errors import UserError
from hhexp.experiment.answers import read_answers, write_answers
from hhexp.training.state import PastEpoch

LABELS = np.array([0, 1, 1, 2])
CLASSES = ("a", "c++", "ü")
PROBABILITIES = np.random.default_rng(0).dirichlet([1, 1, 1], (2, 4)).astype(np.float32)
PAST = [PastEpoch({}, "", {}, each) for each in PROBABILITIES]


def written() -> bytes:
    content = write_answers(PAST, LABELS, CLASSES)
    assert content is not None
    return content


def test_answers_come_back_to_the_bit() -> None:
    answers = read_answers(written(), "f00")
    assert np.array_equal(answers.probabilities, PROBABILITIES)
    assert np.array_equal(answers.labels, LABELS)
    assert answers.classes == CLASSES


def test_a_run_that_has_not_kept_all_epochs_has_no_file() -> None:
    assert write_answers([*PAST, PastEpoch({}, "")], LABELS, CLASSES) is None


def replaced(**parts: Any) -> bytes:
    """The file with other arrays, or bytes in their place."""
    with np.load(io.BytesIO(written())) as arrays:
        known: dict[str, Any] = {name: arrays[name] for name in arrays.files}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, value in {**known, **parts}.items():
            part = io.BytesIO()
            if isinstance(value, np.ndarray):
                np.save(part, value, allow_pickle=True)
            file.writestr(f"{name}.npy", value if isinstance(value, bytes) else part.getvalue())
    return content.getvalue()


def claims_to_be_huge() -> bytes:
    """A header that promises a terabyte."""
    part = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 20, 1 << 18, 1)}
    np.lib.format.write_array_header_1_0(part, header)
    return part.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        written()[:-30],
        written()[:200] + bytes(20) + written()[220:],
        replaced(more=np.zeros(1)),
        replaced(labels=np.array([0, 1, 1, 3])),
        replaced(labels=np.array([0, 1, 1, -1])),
        replaced(labels=np.array([0, 1])),
        replaced(labels=np.array([0, 1, 1, 2], dtype=object)),
        replaced(probabilities=PROBABILITIES.astype(np.float64)),
        replaced(probabilities=PROBABILITIES[0]),
        replaced(probabilities=PROBABILITIES[:0]),
        replaced(probabilities=claims_to_be_huge()),
        replaced(probabilities=b""),
        replaced(classes=np.frombuffer(b'["a", "b"]', np.uint8)),
        replaced(classes=np.frombuffer(b"[1, 2, 3]", np.uint8)),
        replaced(classes=np.frombuffer(b"\xff", np.uint8)),
    ],
)
def test_what_is_not_as_a_run_writes_it_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(
        UserError, match=r"predictions/validation.npz of run f00 was edited"
    ) as said:
        read_answers(content, "f00")
    assert "\n" not in str(said.value)


def test_a_file_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHEXP_MAX_ANSWERS_MB", "1")
    large = replaced(probabilities=np.zeros((1, 4, 100_000), np.float32))
    assert len(large) < 10_000
    with pytest.raises(UserError, match="HHEXP_MAX_ANSWERS_MB"):
        read_answers(large, "f00")

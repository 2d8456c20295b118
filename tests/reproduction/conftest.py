"""A run on record, made up; and a cache of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hhexp.reproduction.record import Record

EPOCH = {"epoch": 1, "metrics": {"val/loss": 0.5}, "weights": "a" * 64}


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A run of one epoch, but for what is given."""

    def make(**changes: Any) -> Record:
        whole = {
            "run_id": "0" * 32,
            "where": "a store",
            "name": "a run",
            "overrides": [],
            "config": {"epochs": 1},
            "identity": {"seed": 0},
            "epochs": [EPOCH],
            "files": {},
        }
        return Record(**{**whole, **changes})

    return make


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of the test's own, not there yet."""
    monkeypatch.setenv("HHEXP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"

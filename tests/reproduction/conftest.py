"""A run on record, made up."""

from collections.abc import Callable
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

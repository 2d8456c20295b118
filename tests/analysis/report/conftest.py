"""Results made of histories, of runs that are in no store."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from hhexp.analysis import grid
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study import Study
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

Histories = Mapping[str, Sequence[Mapping[str, Sequence[float]]]]
Make = Callable[..., Results]


@pytest.fixture
def made(store: Store) -> Make:
    """From cells, such as ``aug=full epochs=4``, and the histories of their seeds 0, 1, … to
    finished runs."""

    def make(histories: Histories, study: Study | None = None) -> Results:
        found = []
        for text, runs in histories.items():
            cell = grid.split_overrides(text)
            for seed, history in enumerate(runs):
                record = StoredRun(
                    f"{len(found):032x}", "run", "FINISHED", dict(cell), {},
                    datetime(2026, 1, 1, tzinfo=UTC), None, None,
                )  # fmt: skip
                found.append(Result(record, cell, seed, history))
        cells = [grid.split_overrides(text) for text in histories]
        return Results(store, "", study, None, cells, found, [])

    return make

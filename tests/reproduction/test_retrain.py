"""The tolerance comes from other seeds' runs, as far as they can be read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hhexp.errors import UserError
from hhexp.reproduction import retrain
from hhexp.reproduction.record import Record
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store


def test_another_seed_s_damaged_record_is_left_out(
    make_record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = {0: 0.5, 1: None, 2: 0.75}

    def stored(seed: int) -> StoredRun:
        now = datetime.now(UTC)
        tags = {"hhexp.identity": json.dumps({"seed": seed, "threads": 2})}
        return StoredRun(str(seed), "a run", "FINISHED", {}, tags, now, now, None)

    def from_store(store: Store, run: StoredRun) -> Record:
        seed = int(run.run_id)
        if losses[seed] is None:
            raise UserError("edited")
        epoch = {"epoch": 1, "metrics": {"val/loss": losses[seed]}, "weights": "a" * 64}
        return make_record(identity={"seed": seed, "threads": 2}, epochs=[epoch])

    monkeypatch.setattr(
        retrain, "find_finished", lambda store, kind: [stored(seed) for seed in losses]
    )
    monkeypatch.setattr(retrain, "from_store", from_store)
    store = Store("sqlite:///unused.db")
    assert retrain.measure_spread(store, from_store(store, stored(0)), 1) == {"val/loss": 0.25}

"""The tolerance comes from other seeds' runs, as far as they can be read."""

import json
from datetime import UTC, datetime

import pytest

from hhexp.errors import UserError
from hhexp.reproduction import retrain
from hhexp.reproduction.record import Recorded
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store


def seed_run(seed: int, loss: float | str) -> tuple[StoredRun, Recorded]:
    """A run of one epoch and its record."""
    identity = json.dumps({"seed": seed, "threads": 2})
    epochs = [{"epoch": 1, "metrics": {"val/loss": loss}, "weights": "a" * 64}]
    files = {
        "config.yaml": "epochs: 1\n",
        "epochs.json": json.dumps(epochs),
        "identity.json": identity,
    }
    tags = {"hhexp.identity": identity}
    now = datetime.now(UTC)
    run = StoredRun(str(seed), "a run", "FINISHED", {}, tags, now, now, None)
    return run, Recorded(str(seed), "a store", "a run", files)


def test_another_seed_s_damaged_record_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [seed_run(0, 0.5), seed_run(1, "edited"), seed_run(2, 0.75)]
    records = {run.run_id: record for run, record in seeds}
    monkeypatch.setattr(retrain, "of_kind", lambda store, kind: [run for run, _ in seeds])
    monkeypatch.setattr(retrain, "from_store", lambda store, run: records[run.run_id])
    with pytest.raises(UserError):
        _ = records["1"].epochs
    store = Store("sqlite:///unused.db")
    assert retrain.seed_spread(store, records["0"], 1) == {"val/loss": 0.25}

"""What does not agree with the record, in it or in the store, is named."""

import contextlib
import hashlib
import json
import math
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import pytest

from hhexp.experiment.stages import name_first_stage
from hhexp.reproduction.doubts import compare_metrics, find_doubts
from hhexp.reproduction.record import Record
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import FIRST_STAGE

Make = Callable[..., Record]

LOSSES = [0.75, 0.5, 0.62]


@pytest.fixture
def epochs() -> list[dict[str, Any]]:
    """Three epochs; the name of a metric has a letter that MLflow does not take."""
    return [
        {
            "epoch": number,
            "metrics": {"val/loss": loss, "val/recall/a#": 0.5, "time/epoch_s": 1.0},
            "weights": "a" * 64,
        }
        for number, loss in enumerate(LOSSES, start=1)
    ]


@pytest.fixture
def record(store: Store, make_record: Make, epochs: list[dict[str, Any]]) -> Record:
    """A run on record that the store has too, in agreement."""
    tags = {FIRST_STAGE: name_first_stage({"seed": 0})}
    run = TrackedRun.start(store, "study", "a run", None, tags)
    for each in epochs:
        run.log_epoch(each["epoch"], {**each["metrics"], "time/epoch_s": 2.0})
    run.log_epoch(3, {"val_close_up/accuracy": 0.5})
    run.finish("FINISHED", None)
    return make_record(run_id=run.run_id, epochs=epochs, config={"epochs": 3})


def edit(store: Store, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(store.database)) as database, database:
        assert database.execute(statement).rowcount == 1


def test_a_record_that_agrees_with_the_store_has_no_doubts(store: Store, record: Record) -> None:
    assert find_doubts(store, record) == []


def test_one_edited_value_is_named_with_its_epoch(store: Store, record: Record) -> None:
    edit(store, "UPDATE metrics SET value = 0.51 WHERE key = 'val/loss' AND step = 3")
    assert find_doubts(store, record) == [
        "the store's metric val/loss of epoch 3 is 0.51, but the record says 0.62"
    ]


def test_the_value_in_the_table_of_runs_counts_too(store: Store, record: Record) -> None:
    edit(store, "UPDATE latest_metrics SET value = 0.9 WHERE key = 'val/recall/a_'")
    assert find_doubts(store, record) == [
        "the store's last val/recall/a# is 0.9, but the record says 0.5"
    ]


def test_the_other_edited_values_are_counted(record: Record) -> None:
    stored = {"val/loss": [0.7, 0.5, 0.6], "val/recall/a_": [0.5, 0.5, 0.5]}
    (doubt,) = compare_metrics(record, stored, {})
    assert "of epoch 1 is 0.7, but the record says 0.75 (2 epochs disagree)" in doubt


def test_missing_and_further_values_are_named(record: Record) -> None:
    assert compare_metrics(record, {"val/loss": [*LOSSES, 0.4]}, {}) == [
        "the store's metric val/loss goes on to epoch 4, after the record's end",
        "the store has no metric val/recall/a#, but the record has",
    ]
    (doubt,) = compare_metrics(
        record, {"val/loss": LOSSES[:2], "val/recall/a_": [0.5, 0.5, 0.5]}, {}
    )
    assert "val/loss of epoch 3 is nan, but" in doubt


def test_what_a_store_cannot_keep_is_no_doubt(make_record: Make) -> None:
    values = [math.nan, math.inf, -math.inf, 0.1 + 0.2]
    epochs = [
        {"epoch": number, "metrics": {"val/loss": value}, "weights": "a" * 64}
        for number, value in enumerate(values, start=1)
    ]
    most = sys.float_info.max
    stored = {"val/loss": [math.nan, most, -most, 0.3]}
    assert compare_metrics(make_record(epochs=epochs, config={"epochs": 4}), stored, {}) == []


def test_a_run_that_the_store_lacks_is_judged_by_its_record(
    store: Store, make_record: Make
) -> None:
    assert find_doubts(store, make_record()) == []


def test_an_edited_identity_is_named(store: Store, record: Record) -> None:
    edited = record.model_copy(update={"identity": {"seed": 1}})
    assert find_doubts(store, edited) == [
        f"the run's tag {FIRST_STAGE} is not the hash of its identity on record"
    ]


def test_images_that_are_not_those_of_the_identity_are_named(
    store: Store, make_record: Make
) -> None:
    image = {"path": "train/a/1.png", "bytes": 9, "sha256": "b" * 64}
    whole = hashlib.sha256(f"{'b' * 64}  train/a/1.png\n".encode()).hexdigest()

    def find(fingerprint: str, listed: dict[str, Any]) -> list[str]:
        files = {"data.json": json.dumps(listed)}
        return find_doubts(store, make_record(identity={"data": fingerprint}, files=files))

    assert find(whole, {"files": [image]}) == []
    assert find(whole, {"files": [image], "fingerprint": whole}) == []
    for fingerprint, listed in (
        ("c" * 64, {"files": [image]}),
        (whole, {"files": []}),
        (whole, {"files": [image], "fingerprint": "c" * 64}),
    ):
        (doubt,) = find(fingerprint, listed)
        assert doubt.startswith("the images listed in data.json have the fingerprint ")


def test_sources_that_are_not_those_of_the_identity_are_named(
    store: Store, make_record: Make
) -> None:
    sources = {"hhexp/training/step.py": "d" * 64, "hhexp/ui.py": "e" * 64, "own.py": "f" * 64}
    files = {"sources.json": json.dumps(sources)}

    def find(**identity: str) -> list[str]:
        parts = {f"source hhexp/training/{name}.py": half for name, half in identity.items()}
        return find_doubts(store, make_record(identity={**parts, "source own": "0"}, files=files))

    assert find(step="d" * 32) == []
    (doubt,) = find(step="a" * 32, loop="b" * 32)
    assert doubt.endswith("different hashes of hhexp/training/step.py (2 files disagree)")

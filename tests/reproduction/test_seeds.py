"""Other seeds' numbers come from the store and the published runs, as far as they can be read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hhexp.reproduction import published, record, seeds
from hhexp.reproduction.record import Record
from hhexp.reproduction.seeds import find_other_seeds
from hhexp.tracking.query import StoredRun
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import IDENTITY, KIND

Make = Callable[..., Record]


def history(*losses: float) -> list[dict[str, object]]:
    return [
        {"epoch": number, "metrics": {"val/loss": loss}, "weights": "a" * 64}
        for number, loss in enumerate(losses, start=1)
    ]


def log(store: Store, identity: dict[str, object] | str, epochs: object) -> None:
    """A finished run in the store."""
    text = identity if isinstance(identity, str) else json.dumps(identity)
    run = TrackedRun.start(store, "study", "a run", None, {KIND: "run", IDENTITY: text})
    run.log_json(epochs, "provenance/epochs.json")
    run.finish("FINISHED", None)


def list_losses(store: Store, folder: Path, own: Record, epoch: int = 1) -> list[float]:
    seeds._read_published.cache_clear()
    return [past.metrics["val/loss"] for past in find_other_seeds(store, folder, own, epoch)]


def test_each_other_seed_counts_once_and_damage_not_at_all(
    store: Store, tmp_path: Path, make_record: Make
) -> None:
    own = make_record(identity={"seed": 0, "threads": 2})
    for seed, threads, loss in ((0, 2, 0.1), (1, 2, 0.2), (1, 2, 0.3), (2, 1, 0.4), (3, 2, 0.5)):
        log(store, {"seed": seed, "threads": threads}, history(loss))
    log(store, {"seed": 4, "threads": 2}, [{"epoch": 1}])
    log(store, '{"seed": 5, … (cut)', history(0.6))
    assert list_losses(store, tmp_path, own) == [0.2, 0.5]


def test_published_runs_are_seeds_too(store: Store, tmp_path: Path, make_record: Make) -> None:
    log(store, {"seed": 1}, history(0.2))
    for seed in (0, 1, 2, 3):
        each = make_record(run_id=f"{seed:032x}", identity={"seed": seed}, epochs=history(seed))
        file = published.write(each, tmp_path / "study" / "runs")
        if seed == 3:
            file.write_text("damaged")
    assert list_losses(store, tmp_path, make_record(identity={"seed": 0})) == [0.2, 2.0]


def test_the_epoch_that_is_asked_for_counts(
    store: Store, tmp_path: Path, make_record: Make
) -> None:
    log(store, {"seed": 1}, history(0.9, 0.8, 0.7))
    log(store, {"seed": 2}, history(0.6))
    assert list_losses(store, tmp_path, make_record(), 2) == [0.8]


def test_one_artifact_of_each_run_is_read_and_none_of_other_runs(
    store: Store, tmp_path: Path, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def read_text(store: Store, run_id: str, path: str) -> str:
        read.append(path)
        return json.dumps(history(0.5))

    for seed in (1, 2):
        log(store, {"seed": seed}, history(0.5))
    log(store, {"seed": 3, "threads": 1}, history(0.5))
    monkeypatch.setattr(record, "read_text", read_text)
    assert list_losses(store, tmp_path, make_record()) == [0.5, 0.5]
    assert read == ["provenance/epochs.json"] * 2


def test_the_store_is_asked_for_runs_with_that_identity_alone(
    store: Store, tmp_path: Path, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {"model.filters": "[8, 8]", "lr.value": 0.001, "model.file": "it's 50% \\ off"}
    for seed, rate in ((1, 0.001), (2, 0.002), (3, 0.001)):
        log(store, {"seed": seed, **shared, "lr.value": rate}, history(0.5))
    fetched: list[str] = []
    find = seeds.find_finished

    def note(*asked: Any) -> list[StoredRun]:
        found = find(*asked)
        fetched.extend(run.run_id for run in found)
        return found

    monkeypatch.setattr(seeds, "find_finished", note)
    assert list_losses(store, tmp_path, make_record(identity={**shared, "seed": 0})) == [0.5, 0.5]
    assert len(fetched) == 2

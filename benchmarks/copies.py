"""A store of many runs, made of a few: rows of MLflow's SQLite database, copied and varied.

A copy has its own ID, seed, learning rate, sweep and metrics. It shares the artifacts of the run
that it was copied from, so that a report of it finds its predictions.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hhexp.tracking.answers import make_answer_tags
from hhexp.tracking.query import StoredRun
from hhexp.tracking.tags import FIRST_STAGE, IDENTITY, OVERRIDES, PARENT, REQUEST, RUNS

RATES = tuple(round(0.001 * step, 4) for step in range(1, 11))
"""The learning rates of the sweeps, in turn; each with the next seeds when all had their turn."""
SEEDS = 5
"""Seeds of a sweep."""
SPREAD = 0.02
"""The standard deviation of a copy's metrics around those of its source, as a share of them."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a copy belongs."""

    number: int
    """Its own, in the whole store."""
    sweep: int
    rate: float
    seed: int


def multiply(source: Path, target: Path, runs: Sequence[StoredRun], sweep: str, most: int) -> None:
    """Write a database of ``most`` trained runs, in sweeps of the runs' cells with ``SEEDS`` seeds.

    Args:
        source: a database with the runs and their sweep.
        target: the database to write.
        runs: one of each cell, all with the seed 0 and the first of ``RATES``.
        sweep: the ID of their sweep.
        most: trained runs in the database that is made; a multiple of a sweep's.
    """
    shutil.copy(source, target)
    connection = sqlite3.connect(target)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = OFF")
    templates = [(run, _read_rows(connection, run.run_id)) for run in runs]
    parent = _read_rows(connection, sweep)
    for number in range(most // (len(runs) * SEEDS)):
        own = sweep if number == 0 else _make_id(number, "b")
        members = [run.run_id for run in runs] if number == 0 else []
        for place, (run, rows) in _list_places(number, templates):
            run_id = _make_id(place.number, "a")
            members.append(run_id)
            _insert(connection, _vary(rows, run, run_id, own, place))
        tags = [Row(key=k, value=v, run_uuid=own) for k, v in make_answer_tags(members).items()]
        if number:
            _insert(connection, _rename(parent, own, number))
        _insert(connection, {"tags": tags})
    connection.commit()
    connection.close()


def _list_places(
    sweep: int, templates: Sequence[tuple[StoredRun, dict[str, list[Row]]]]
) -> Iterator[tuple[Place, tuple[StoredRun, dict[str, list[Row]]]]]:
    """Every copy of a sweep with what it is copied from; the first sweep has its seed 0 already."""
    rate, first = RATES[sweep % len(RATES)], SEEDS * (sweep // len(RATES))
    for index, template in enumerate(templates):
        for seed in range(first, first + SEEDS):
            number = (sweep * len(templates) + index) * SEEDS + seed - first
            if sweep or seed:
                yield Place(number, sweep, rate, seed), template


def _make_id(number: int, filling: str) -> str:
    """A run's ID, whose first digits are spread like those of MLflow's own (Knuth's hash)."""
    return f"{number * 2654435761 % 2**32:08x}".ljust(32, filling)


def _read_rows(connection: sqlite3.Connection, run_id: str) -> dict[str, list[Row]]:
    """A run's rows by table."""
    keys = {
        "runs": "run_uuid",
        "params": "run_uuid",
        "tags": "run_uuid",
        "metrics": "run_uuid",
        "latest_metrics": "run_uuid",
        "inputs": "destination_id",
    }
    return {
        table: [
            dict(r) for r in connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", [run_id])
        ]
        for table, key in keys.items()
    } | {
        "outputs": [
            dict(r)
            for r in connection.execute("SELECT * FROM inputs WHERE source_id = ?", [run_id])
        ]
    }


def _rename(rows: Mapping[str, list[Row]], run_id: str, sweep: int) -> dict[str, list[Row]]:
    """The rows under another ID, and started later."""
    made = {}
    for table, each in rows.items():
        key = {"inputs": "destination_id", "outputs": "source_id"}.get(table, "run_uuid")
        fresh = {"input_uuid": f"{run_id}"} if table in ("inputs", "outputs") else {}
        made[table] = [{**row, key: run_id, **fresh} for row in each]
    for row in made["runs"]:
        for moment in ("start_time", "end_time"):
            row[moment] += 1000 * sweep
    made["tags"] = [row for row in made["tags"] if not row["key"].startswith(RUNS)]
    return made


def _vary(
    rows: Mapping[str, list[Row]], run: StoredRun, run_id: str, sweep_id: str, place: Place
) -> dict[str, list[Row]]:
    """A run's rows as those of another seed and rate."""
    made = _rename(rows, run_id, place.sweep)
    identity = json.loads(run.tags[IDENTITY]) | {"seed": place.seed, "lr.value": place.rate}
    words = run.tags[OVERRIDES].replace("seed=0", f"seed={place.seed}")
    words = words.replace(f"lr.value={RATES[0]}", f"lr.value={place.rate}")
    tags = {
        IDENTITY: json.dumps(identity),
        OVERRIDES: words,
        PARENT: sweep_id,
        FIRST_STAGE: f"{place.sweep:032x}{place.seed:032x}",
        REQUEST: f"{place.number:064x}",
    }
    params = {"seed": str(place.seed), "lr.value": str(place.rate)}
    for table, values in (("tags", tags), ("params", params)):
        for row in made[table]:
            row["value"] = values.get(row["key"], row["value"])
    random = np.random.default_rng(place.number)
    better = 1 + SPREAD * (random.standard_normal() - 400 * abs(place.rate - RATES[3]))
    for row in (*made["metrics"], *made["latest_metrics"]):
        varied = row["value"] * (better + SPREAD * random.standard_normal())
        row["value"] = min(1.0, varied) if row["value"] <= 1 else varied
    return made


def _insert(connection: sqlite3.Connection, rows: Mapping[str, list[Row]]) -> None:
    for table, each in rows.items():
        if each:
            name = "inputs" if table == "outputs" else table
            marks = ", ".join(f":{column}" for column in each[0])
            columns = ", ".join(f'"{column}"' for column in each[0])
            connection.executemany(
                f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})", each
            )

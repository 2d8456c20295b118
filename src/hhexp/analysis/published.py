"""A study's published runs as results, without a store: for notebooks and for simulations."""

from datetime import UTC, datetime
from pathlib import Path

from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study_file import read_study
from hhexp.reproduction import published
from hhexp.reproduction.record import Record
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store

NO_STORE = Store("sqlite:///none.db")
"""Where nothing is looked for: these runs have no artifacts."""


def read_published(folder: Path) -> Results:
    """The published runs of a study, in the cells of its grid; others are left out.

    A published run has the metrics of all its epochs and nothing else. So its best epoch is judged
    on the images that chose it, and what needs its answers, such as a partial view, is missing.

    Args:
        folder: the study's, with study.yaml and runs/.

    Raises:
        UserError: the study or a run is damaged.
    """
    study = read_study(folder / "study.yaml")
    records = [published.read(file) for file in sorted((folder / "runs").glob("*.yaml"))]
    found = [
        _make_result(record, cell)
        for cell in study.cells
        for record in records
        if cell.items() <= _list_values(record).items()
    ]
    return Results(NO_STORE, str(folder), study, None, study.cells, found, [])


def _make_result(record: Record, cell: Cell) -> Result:
    history: dict[str, list[float]] = {}
    for epoch in record.epochs:
        for name, value in epoch.metrics.items():
            history.setdefault(name, []).append(value)
    run = StoredRun(
        record.run_id, record.name, "FINISHED", dict(cell), {}, datetime.now(UTC), None, None
    )
    return Result(run, cell, int(str(record.config["seed"])), history)


def _list_values(record: Record) -> dict[str, str]:
    """The keys and values by which a published run's cell is told."""
    return {**{key: str(value) for key, value in record.config.items()}, **record.choices}

"""What a study's claims are about, checked before anything is trained."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hhexp.analysis import grid
from hhexp.analysis.contrasts import list_cells
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import MEANINGS
from hhexp.analysis.study import Contrast, Figure, Study
from hhexp.config.check import suggest
from hhexp.data import Dataset
from hhexp.errors import UserError
from hhexp.experiment.job import Job, flatten
from hhexp.experiment.metric_names import MetricNames, list_metrics
from hhexp.tracking.names import find_name, make_names

GAPS = ("val/loss", "val/accuracy")
"""What is measured of the training images too."""


def check_asked(study: Study, file: Path, jobs: Sequence[tuple[Job, Dataset]]) -> None:
    """Check that runs will have all numbers that a study asks for.

    Args:
        study: with its claims and what others published.
        file: its own, for messages.
        jobs: of its cells, each with its data.

    Raises:
        UserError: they will not, as where a metric is misspelt.
    """
    by_cell = {grid.label(find_cell(study, job)): (job, data) for job, data in jobs}
    for cell in study.cells:
        if grid.label(cell) not in by_cell:
            continue
        job, data = by_cell[grid.label(cell)]
        names = list_metrics(job.config, data)
        for who, asked in _list_asked(study, cell):
            if problem := find_problem(asked, names, job.config.epochs):
                raise UserError(f"{file}: {who}: {grid.label(cell)}: {problem}")


def find_cell(study: Study, job: Job) -> Cell:
    """The cell of a study's grid that a job is of; empty where it is of none."""
    config = flatten(job.config.model_dump())
    params = {key: str(value) for key, value in {**job.choices, **config}.items()}
    return next((cell for cell in study.cells if grid.holds(cell, params)), {})


def find_problem(asked: Contrast | Figure, names: MetricNames, epochs: int) -> str:
    """Why no run of so many epochs will have a statistic of a metric; empty where it will."""
    metric, statistic = asked.metric, asked.statistic
    logged = make_names(names.all)
    if (found := find_name(metric, logged.values())) is None:
        return f"no run has {metric}{suggest(metric, names.all)}"
    often = {logged[name] for name in names.at_epochs}
    why = ""
    if statistic == "gap" and metric not in GAPS:
        why = f"only {' and '.join(GAPS)} are measured of the training images too"
    elif statistic == "best" and metric in names.without_best:
        why = "what you measure yourself is not measured again on halves of the images"
    elif statistic == "best" and found not in often and not metric.startswith("val/"):
        why = "it is measured once"
    elif statistic not in ("last", "best") and found not in often:
        why = "it is measured once, at the end"
    elif statistic == "swing" and epochs == 1:
        why = "there is one epoch"
    return f"{metric} has no {statistic} ({MEANINGS[statistic]}): {why}" if why else ""


def _list_asked(study: Study, cell: Cell) -> Iterator[tuple[str, Contrast | Figure]]:
    """Who asks for what of a cell."""
    for claim in study.claims:
        for statement in claim.statements:
            for asked, values in list_cells(statement):
                if grid.holds(values, cell):
                    yield f"claim {claim.name}", asked
    for figure in study.reference.figures if study.reference else ():
        if grid.holds(figure.cell, cell):
            yield "reference", figure

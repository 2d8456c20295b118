"""What a study's claims are about, checked before anything is trained."""

from collections.abc import Iterator
from pathlib import Path

from hhexp.analysis import grid
from hhexp.analysis.contrasts import list_cells
from hhexp.analysis.grid import Cell
from hhexp.analysis.study import Study
from hhexp.config.check import suggest
from hhexp.errors import UserError
from hhexp.experiment.job import Job, flatten
from hhexp.experiment.metric_names import list_metrics
from hhexp.launching.sweep import Sweep
from hhexp.tracking.names import find_name, make_names


def check_asked(study: Study, file: Path, sweep: Sweep) -> None:
    """Check that the runs which a sweep is to train will have all metrics that the study asks for.

    Raises:
        UserError: they will not, as where a metric is misspelt.
    """
    jobs = {grid.label(find_cell(study, branch.job)): branch.job for branch in sweep.branches}
    for cell in study.cells:
        job = jobs.get(grid.label(cell))
        if job is None:  # its runs are there, or are not this sweep's
            continue
        names = list_metrics(job.config, sweep.read_dataset(job.config))
        logged = make_names(names).values()
        for who, name in _list_asked(study, cell):
            if not find_name(name, logged):
                raise UserError(
                    f"{file}: {who}: runs of {grid.label(cell)} have no {name}"
                    f"{suggest(name, names)}"
                )


def find_cell(study: Study, job: Job) -> Cell:
    """The cell of a study's grid that a job is of; empty where it is of none."""
    config = flatten(job.config.model_dump())
    params = {key: str(value) for key, value in {**job.choices, **config}.items()}
    return next((cell for cell in study.cells if grid.holds(cell, params)), {})


def _list_asked(study: Study, cell: Cell) -> Iterator[tuple[str, str]]:
    """Who asks for which metric of a cell."""
    for claim in study.claims:
        for statement in claim.statements:
            for asked, values in list_cells(statement):
                if grid.holds(values, cell):
                    yield from _name(f"claim {claim.name}", asked.metric, asked.statistic)
    for figure in study.reference.figures if study.reference else ():
        if grid.holds(figure.cell, cell):
            yield from _name("reference", figure.metric, figure.statistic)


def _name(who: str, metric: str, statistic: str) -> Iterator[tuple[str, str]]:
    yield who, metric
    if statistic == "gap":
        yield who, f"train/{metric.partition('/')[2]}"

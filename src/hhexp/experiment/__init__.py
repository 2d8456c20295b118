"""One run, assembled from its configuration: the only place where all layers meet."""

from hhexp.experiment.job import Job, Outcome, check_config, read_data
from hhexp.experiment.opening import make_tags
from hhexp.experiment.recorded import NOTHING, Trusted, check_recorded
from hhexp.experiment.run import mark_dead, reuse, run

__all__ = [
    "NOTHING",
    "Job",
    "Outcome",
    "Trusted",
    "check_config",
    "check_recorded",
    "make_tags",
    "mark_dead",
    "read_data",
    "reuse",
    "run",
]

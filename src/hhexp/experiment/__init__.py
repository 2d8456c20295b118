"""One run, assembled from its configuration: the only place where all layers meet."""

from hhexp.experiment.job import Job, Outcome, prepare, read_data
from hhexp.experiment.run import answered, mark_dead, run, run_tags

__all__ = ["Job", "Outcome", "answered", "mark_dead", "prepare", "read_data", "run", "run_tags"]

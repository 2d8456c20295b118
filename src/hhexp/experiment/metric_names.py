"""The names of what a run will have measured, known before it is trained."""

from dataclasses import dataclass

import numpy as np

from hhexp.config.objective import AREAS, NAMES
from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.experiment.epochs import KEPT
from hhexp.experiment.scores import AT_EVERY_EPOCH, score, score_by_class
from hhexp.tracking.models import BEST_EPOCH
from hhexp.training.evaluation import Evaluation


@dataclass(frozen=True)
class MetricNames:
    """The metrics of a run, as docs/metrics.md explains them."""

    at_epochs: list[str]
    """Those that each epoch has."""
    at_end: list[str]
    """Those that are measured once, of the trained model or the best one."""
    without_best: list[str]
    """Of the first, those without a number at the best epoch: the person's own, where that is
    cross-fitted."""

    @property
    def all(self) -> list[str]:
        """Every one, those of the epochs first."""
        return [*self.at_epochs, *self.at_end]


def list_metrics(config: Config, dataset: Dataset) -> MetricNames:
    """The metrics of a run of a configuration on its data."""
    own = [f"val/{part.name}" for part in config.metrics]
    validation = _list_split("val", dataset.validation.labels, dataset.classes)
    answers = len(dataset.validation.labels) * len(dataset.classes)
    recalls = [f"recall/{name}" for name in dataset.classes]
    often = {*NAMES, *(f"val/{name}" for name in recalls)}
    if answers > AT_EVERY_EPOCH:
        often -= {*AREAS}
    at_end = [name for name in validation if name not in often]
    at_end += [
        f"val_{view}/{name}" for view in config.data.views for name in ("accuracy", *recalls)
    ]
    at_end += [BEST_EPOCH, f"best/{config.objective}"]
    if dataset.test is not None:
        for split in ("test", "test/best"):
            at_end += _list_split(split, dataset.test.labels, dataset.classes)
    at_epochs = ["train/loss", "train/accuracy", "lr", "time/epoch_s", "perf/utilisation"]
    at_epochs += [name for name in validation if name in often]
    return MetricNames([*at_epochs, *own], at_end, own if answers <= KEPT else [])


def _list_split(split: str, labels: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """The names of what the answers to a split's images come to."""
    even = np.full((len(labels), len(classes)), 1 / len(classes), np.float32)
    answers = Evaluation(even, even[:, 0], labels)
    kinds = [*score(answers), *score_by_class(answers, classes)]
    recalls = [f"recall/{name}" for name in classes]
    return [f"{split}/{name}" for name in ("loss", "accuracy", *recalls, *kinds)]

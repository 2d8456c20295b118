"""The names of what a run will have measured, known before it is trained."""

import numpy as np

from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.experiment.scores import score, score_by_class
from hhexp.tracking.models import BEST_EPOCH
from hhexp.training.evaluation import Evaluation


def list_metrics(config: Config, dataset: Dataset) -> list[str]:
    """All metrics of a run of a configuration on its data, as docs/metrics.md explains them."""
    recalls = [f"recall/{name}" for name in dataset.classes]
    names = ["train/loss", "train/accuracy", "lr", "time/epoch_s", "perf/utilisation"]
    names += _list_split("val", dataset.validation.labels, dataset.classes)
    names += [f"val/{part.name}" for part in config.metrics]
    names += [f"val_{view}/{name}" for view in config.data.views for name in ("accuracy", *recalls)]
    names += [BEST_EPOCH, f"best/{config.objective}"]
    if dataset.test is not None:
        names += _list_split("test", dataset.test.labels, dataset.classes)
        names += _list_split("test/best", dataset.test.labels, dataset.classes)
    return names


def _list_split(split: str, labels: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """The names of what the answers to a split's images come to."""
    even = np.full((len(labels), len(classes)), 1 / len(classes), np.float32)
    answers = Evaluation(even, even[:, 0], labels)
    kinds = [*score(answers), *score_by_class(answers, classes)]
    recalls = [f"recall/{name}" for name in classes]
    return [f"{split}/{name}" for name in ("loss", "accuracy", *recalls, *kinds)]

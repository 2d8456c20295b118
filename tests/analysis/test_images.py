"""Intervals over seeds and images, against cases whose interval is known."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hhexp.analysis import images
from hhexp.analysis.crossfit import cross_fit
from hhexp.analysis.images import resample, spread_over_images
from hhexp.analysis.predictions import Predictions, RunPredictions
from hhexp.analysis.results import Result, Results
from hhexp.analysis.statistics import mean_interval
from hhexp.analysis.study import Statement, Study
from hhexp.experiment.answers import Answers, pack_answers

NONE, FULL = {"aug": "none"}, {"aug": "full"}
STUDY = Study(name="s", title="T", question="Q", grid="aug=none,full", seeds=[0, 1, 2])
RESULTS = Results(None, "", STUDY, None, STUDY.cells, [], [])  # type: ignore[arg-type]


def test_where_all_images_are_alike_it_is_the_interval_over_the_seeds() -> None:
    values = np.array([0.1, 0.3, 0.2, 0.5])
    found = resample(np.tile(values[:, None], 50))
    expected = mean_interval(values.tolist())
    assert found.mean == pytest.approx(expected.mean)
    assert found.half == pytest.approx(expected.half, rel=0.05)


def test_where_all_seeds_are_alike_it_is_the_images_alone() -> None:
    images = np.random.default_rng(0).standard_normal(400)
    found = resample(np.tile(images, (20, 1)))
    expected = images.std() / 20 * (20 / 19) ** 0.5
    assert found.deviation / 20**0.5 == pytest.approx(expected, rel=0.05)


def test_a_second_time_gives_the_same_interval() -> None:
    rows = np.random.default_rng(0).standard_normal((5, 30))
    assert resample(rows) == resample(rows)


def test_it_covers_what_is_true_of_other_seeds_and_images() -> None:
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        seeds, images = random.normal(0, 0.1, (8, 1)), random.normal(0, 0.5, (1, 60))
        found = resample(seeds + images + random.normal(0, 0.5, (8, 60)))
        covered += found.low <= 0 <= found.high
    assert covered >= 186  # 95 % of 200, less one standard deviation of what is counted


def make_run(aug: str, seed: int) -> Any:
    return SimpleNamespace(run_id=f"{aug}{seed}", artifacts="somewhere")


def predictions(right: dict[str, np.ndarray]) -> Predictions:
    """Those of a run for each cell and seed."""
    runs: Any = [
        RunPredictions(Result(make_run(aug, seed), {"aug": aug}, seed, {}), row, ())
        for aug, rows in right.items()
        for seed, row in enumerate(rows)
    ]
    true = ("a", "a", "b", "b")
    return Predictions(("1", "2", "3", "4"), true, runs, [])


def statement(**changes: Any) -> Statement:
    values = {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
    return Statement.model_validate({**values, "direction": "higher", **changes})


NONE_RIGHT = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=bool)
FULL_RIGHT = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 1, 1]], dtype=bool)
FOUND = predictions({"none": NONE_RIGHT, "full": FULL_RIGHT})


def measured(images: slice) -> dict[int, float]:
    """The differences of the seeds, of some of the images."""
    rows = FULL_RIGHT[:, images].mean(axis=1) - NONE_RIGHT[:, images].mean(axis=1)
    return dict(enumerate(rows.tolist()))


def test_a_difference_in_accuracy_is_taken_from_the_predictions() -> None:
    found = spread_over_images(RESULTS, FOUND, statement(), measured(slice(None)))
    assert found is not None
    assert found.mean == pytest.approx(1 / 3)
    assert found.count == 3


def test_a_recall_is_of_its_class_alone() -> None:
    found = spread_over_images(
        RESULTS, FOUND, statement(metric="val/recall/b"), measured(slice(2, 4))
    )
    assert found is not None and found.mean == pytest.approx(5 / 6 - 2 / 6)


@pytest.mark.parametrize(
    ("changes", "by_seed"),
    [
        ({"statistic": "swing"}, measured(slice(None))),
        ({"metric": "val/recall/c"}, measured(slice(None))),
        ({}, {0: 0.25}),
        ({}, {0: 0.9, 1: 0.9, 2: 0.9}),  # not what the predictions come to
        ({}, {0: 0.25, 7: 0.25}),
    ],
)
def test_what_is_no_mean_over_these_images_has_none(
    changes: dict[str, Any], by_seed: dict[int, float]
) -> None:
    assert spread_over_images(RESULTS, FOUND, statement(**changes), by_seed) is None


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The probabilities [7, 4, 2] of each run's answers, in a store that has them."""
    random = np.random.default_rng(0)
    found = {
        f"{aug}{seed}": random.dirichlet((1, 1), (7, 4)).astype(np.float32)
        for aug in ("none", "full")
        for seed in range(3)
    }

    def read(_: object, places: Mapping[str, str], *__: object) -> Iterator[bytes]:
        labels = np.array([0, 0, 1, 1])
        return (pack_answers(found[run_id], labels, ("a", "b")) for run_id in places)

    monkeypatch.setattr(images, "read_contents", read)
    return found


LABELS = np.array([0, 0, 1, 1])


def test_the_last_five_epochs_the_best_one_and_a_loss_are_taken_from_the_answers_of_all_epochs(
    kept: dict[str, np.ndarray],
) -> None:
    def difference(values: Any) -> dict[int, float]:
        return {seed: values(kept[f"full{seed}"]) - values(kept[f"none{seed}"]) for seed in (0, 1)}

    def accuracy(answers: np.ndarray) -> float:
        return float((answers[-5:].argmax(axis=2) == LABELS).mean())

    def recall(answers: np.ndarray) -> float:
        return float((answers[-5:, 2:].argmax(axis=2) == 1).mean())

    def loss(answers: np.ndarray) -> float:
        return float(-np.log(answers[-1, np.arange(4), LABELS]).mean())

    def at_best(metric: str) -> Callable[[np.ndarray], float]:
        def measure(answers: np.ndarray) -> float:
            fit = cross_fit(Answers(answers, LABELS, ("a", "b")))
            assert fit is not None
            return fit.values[metric]

        return measure

    for changes, values in (
        ({"statistic": "mean_last_5"}, difference(accuracy)),
        ({"statistic": "mean_last_5", "metric": "val/recall/b"}, difference(recall)),
        ({"metric": "val/loss"}, difference(loss)),
        *(
            ({"metric": metric, "statistic": "best"}, difference(at_best(metric)))
            for metric in ("val/accuracy", "val/loss", "val/recall/b")
        ),
    ):
        found = spread_over_images(RESULTS, FOUND, statement(**changes), values)
        assert found is not None and found.half > 0
        assert found.mean == pytest.approx(np.mean(list(values.values())), abs=1e-6)
        moved = {seed: value + 0.01 for seed, value in values.items()}
        assert spread_over_images(RESULTS, FOUND, statement(**changes), moved) is None


def test_without_predictions_there_is_none() -> None:
    assert spread_over_images(RESULTS, None, statement(), measured(slice(None))) is None

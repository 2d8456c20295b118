"""What answers are worth, by numbers that can be worked out by hand."""

import numpy as np
import pytest

from hhexp.experiment.scores import (
    AT_EVERY_EPOCH,
    measure_calibration,
    score,
    score_by_class,
    score_epoch,
)
from hhexp.training.evaluation import Evaluation


def answer(labels: list[int], probabilities: list[list[float]]) -> Evaluation:
    rows = np.array(probabilities, np.float32)
    return Evaluation(rows, np.zeros(len(rows), np.float32), np.array(labels, np.int64))


def answer_two(labels: list[int], second: list[float]) -> Evaluation:
    """Answers of a network with one sigmoid."""
    return answer(labels, [[1 - p, p] for p in second])


def test_two_classes_have_the_numbers_that_one_works_out_by_hand() -> None:
    answers = answer_two([0, 0, 0, 1], [0.25, 0.25, 0.75, 0.5 + 2**-10])
    found = score(answers)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["precision"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert found["roc_auc"] == pytest.approx(2 / 3)  # one of three pairs is wrong
    assert found["average_precision"] == pytest.approx((11 / 12 + 1 / 2) / 2)
    assert found["brier"] == pytest.approx((2 * 0.0625 + 0.5625 + 0.25) / 4, abs=1e-3)


def test_numbers_by_class_have_the_macro_numbers_as_their_means() -> None:
    random = np.random.default_rng(0)
    answers = answer(list(random.integers(0, 3, 60)), random.dirichlet([1, 1, 1], 60).tolist())
    macro, single = score(answers), score_by_class(answers, ["a", "b", "c"])
    for kind in ("precision", "f1", "roc_auc", "average_precision"):
        values = [single[f"{kind}/{name}"] for name in "abc"]
        assert macro[kind] == pytest.approx(np.mean(values))
    assert len(single) == 12


def test_the_brier_score_of_several_classes_goes_up_to_two() -> None:
    assert score(answer([0, 1, 2], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]))["brier"] == 2


def test_calibration_compares_confidence_with_accuracy() -> None:
    sure, half_right = [0.95] * 10, [1] * 5 + [0] * 5
    assert measure_calibration(answer_two(half_right, sure)) == pytest.approx(0.45)
    assert measure_calibration(answer_two([1] * 10, [1.0] * 10)) == 0


def test_what_is_not_defined_is_left_out() -> None:
    for answers in (answer_two([1, 1], [0.5, 0.75]), answer_two([0], [0.5])):
        assert sorted(score(answers)) == ["brier", "calibration_error"]
        assert score_by_class(answers, ["a", "b"]) == {}
    for answers in (answer_two([0, 1], [0.5, np.nan]), answer_two([], [])):
        assert score(answers) == score_by_class(answers, ["a", "b"]) == {}


def test_a_class_without_images_is_left_out_and_one_that_is_never_predicted_is_not() -> None:
    answers = answer([0, 1, 1], [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.7, 0.2, 0.1]])
    assert score(answers)["balanced_accuracy"] == 0.5
    single = score_by_class(answers, ["a", "b", "c"])
    assert single["precision/b"] == 0 and not [name for name in single if name.endswith("/c")]


def test_at_every_epoch_the_areas_of_many_answers_are_left_out() -> None:
    few = answer_two([0, 1], [0.25, 0.75])
    assert score_epoch(few) == score(few) and "roc_auc" in score(few)
    many = answer_two([0, 1] * (AT_EVERY_EPOCH // 2), [0.25, 0.75] * (AT_EVERY_EPOCH // 2))
    assert set(score_epoch(many)) == set(score(few)) - {"roc_auc", "average_precision"}

"""The best epoch is judged on images that did not choose it."""

import numpy as np
import pytest

from hhexp.analysis.crossfit import HALVINGS, cross_fit, cross_fit_scores, halve
from hhexp.experiment.answers import Answers
from hhexp.tracking.names import make_names

IMAGES, EPOCHS = 200, 30
LABELS = np.arange(IMAGES) % 2


def answer(right: np.ndarray) -> Answers:
    """Answers of two classes that are right [E, N] or wrong, each with probability 0.8."""
    shown = np.where(right, LABELS, 1 - LABELS)
    second = np.where(shown == 1, 0.8, 0.2).astype(np.float32)
    return Answers(np.stack([1 - second, second], axis=2), LABELS, ("a", "b#"))


def test_on_noise_the_plain_best_is_optimistic_and_the_cross_fitted_is_not() -> None:
    plain, crossed = [], []
    for seed in range(20):
        right = np.random.default_rng(seed).random((EPOCHS, IMAGES)) < 0.5  # coins, at each epoch
        fit = cross_fit(answer(right))
        assert fit is not None
        plain.append(right.mean(axis=1).max())
        crossed.append(fit.values["val/accuracy"])
    # Thirty coins' best is two deviations above a half: 0.5 + 2 · 0.035.
    assert np.mean(plain) > 0.56
    assert abs(np.mean(crossed) - 0.5) < 3 * np.std(crossed) / np.sqrt(len(crossed))
    assert max(crossed) < np.mean(plain)


def test_an_epoch_that_is_better_on_all_images_keeps_its_lead() -> None:
    right = np.random.default_rng(0).random((EPOCHS, IMAGES)) < 0.5
    right[16] = np.random.default_rng(1).random(IMAGES) < 0.9
    fit = cross_fit(answer(right))
    assert fit is not None and set(fit.epochs) == {17}
    # Each image judges once in each halving, so that the means are over all images.
    assert fit.values["val/accuracy"] == pytest.approx(right[16].mean(), abs=1e-9)
    recall = right[16][LABELS == 1].mean()
    assert fit.values[make_names(["val/recall/b#"])["val/recall/b#"]] == pytest.approx(recall)
    losses = np.where(right[16], -np.log(0.8), -np.log(0.2))
    assert fit.values["val/loss"] == pytest.approx(losses.mean(), rel=1e-6)


def test_what_is_not_of_the_validation_is_the_mean_over_the_chosen_epochs() -> None:
    right = np.zeros((3, IMAGES), bool)
    right[1] = True
    fit = cross_fit(answer(right))
    assert fit is not None
    assert fit.measure({"train/loss": [3.0, 2.0, 1.0]}, "train/loss") == 2.0
    assert np.isnan(fit.measure({"train/loss": [3.0]}, "train/loss"))
    assert np.isnan(fit.measure({}, "train/loss"))
    assert np.isnan(fit.measure({"val/f1": [0.0, 1.0, 0.0]}, "val/f1"))  # not on all images


def test_the_first_of_equal_epochs_is_chosen() -> None:
    fit = cross_fit(answer(np.ones((4, IMAGES), bool)))
    assert fit is not None and set(fit.epochs) == {1}


def test_the_other_scores_are_judged_on_the_other_half_too() -> None:
    right = np.zeros((2, IMAGES), bool)
    right[1] = True
    scores = cross_fit_scores(answer(right))
    assert scores["val/f1"] == scores["val/roc_auc"] == scores["val/balanced_accuracy"] == 1.0
    assert scores["val/brier"] == pytest.approx(0.04, rel=1e-5)
    assert "val/f1/a" in scores


def test_halves_are_fixed_and_hold_half_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [7, 20, 1])
    halves = halve(labels)
    assert halves.shape == (HALVINGS, 28)
    assert np.array_equal(halves, halve(labels))
    assert len({half.tobytes() for half in halves}) == HALVINGS
    for index, count in enumerate([7, 20, 1]):
        found = halves[:, labels == index].sum(axis=1)
        assert set(found) <= {count // 2, (count + 1) // 2}


def test_one_image_cannot_be_halved() -> None:
    assert cross_fit(Answers(np.ones((2, 1, 2), np.float32), np.array([0]), ("a", "b"))) is None


def test_a_class_of_one_image_is_judged_by_the_halves_that_have_it() -> None:
    labels = np.array([0, 0, 0, 1])
    fit = cross_fit(Answers(np.eye(2, dtype=np.float32)[labels][None], labels, ("a", "b")))
    assert fit is not None and fit.values["val/recall/b"] == 1.0
    absent = Answers(np.eye(2, dtype=np.float32)[labels * 0][None], labels * 0, ("a", "b"))
    fit = cross_fit(absent)
    assert fit is not None and np.isnan(fit.values["val/recall/b"])

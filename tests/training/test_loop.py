"""Training is a pure function of its arguments, and its metrics mean what they say."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from hhexp import models
from hhexp.config.schema import Optimizer
from hhexp.training.evaluation import Evaluation, build_evaluator
from hhexp.training.loop import Epoch, Images, train
from hhexp.training.optimizer import build_optimizer
from hhexp.training.step import build_training_step

RMSPROP = Optimizer(name="rmsprop", rho=0.9, momentum=0.0, epsilon=1e-7)


@pytest.fixture(scope="module")
def squares() -> Images:
    """24 images of 16 pixels: dark ones of class 0 and bright ones of class 1."""
    labels = np.arange(24) % 2
    noise = np.random.default_rng(0).integers(0, 60, (24, 16, 16, 3))
    return Images((noise + 150 * labels[:, None, None, None]).astype(np.uint8), labels)


def small_model(seed: int = 1, classes: int = 2) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return models.build("cnn", {"filters": [4], "dense_units": 8}, (16, 16, 3), classes)


def trained(
    images: Images,
    *,
    seed: int = 1,
    epochs: int = 3,
    rate: float = 0.001,
    augment: Callable[[np.ndarray, np.ndarray, int], np.ndarray] | None = None,
    unaugmented: int | None = None,
) -> tuple[keras.Model, list[Epoch]]:
    model = small_model(seed)
    done = train_model(
        model,
        images,
        epochs=epochs,
        order=lambda epoch: np.random.default_rng(epoch).permutation(len(images.labels)),
        rates=lambda epoch: np.full(3, rate, np.float32),
        augment=lambda epoch: augment if epoch != unaugmented else None,
    )
    return model, list(done)


def train_model(
    model: keras.Model,
    images: Images,
    optimizer: keras.optimizers.Optimizer | None = None,
    **changed: Any,
) -> Iterator[Epoch]:
    """Train for an epoch in the images' own order, or as the changed arguments of ``train`` say."""
    optimizer = optimizer or build_optimizer(RMSPROP)
    arguments: dict[str, Any] = {
        "classes": ("dark", "bright"),
        "first_epoch": 1,
        "epochs": 1,
        "batch_size": 10,
        "order": lambda _: np.arange(len(images.labels)),
        "rates": lambda _: np.full(3, 0.001, np.float32),
        "augment": lambda _: None,
        "on_step": lambda *_: None,
        "evaluate": build_evaluator(model, batch_size=10),
    }
    step = build_training_step(model, optimizer)
    return train(model, optimizer, step, images, images, **(arguments | changed))


def learned(epoch: Epoch) -> dict[str, float]:
    """An epoch's metrics, but for how fast it was."""
    return {k: v for k, v in epoch.metrics.items() if not k.startswith(("time/", "perf/"))}


def digest(model: keras.Model) -> str:
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest()


def test_the_same_arguments_give_the_same_bits(squares: Images) -> None:
    first, epochs = trained(squares)
    second, again = trained(squares)
    assert digest(first) == digest(second)
    for one, other in zip(epochs, again, strict=True):
        assert learned(one) == learned(other)


def test_another_seed_gives_other_weights(squares: Images) -> None:
    assert digest(trained(squares)[0]) != digest(trained(squares, seed=2)[0])


def test_training_learns(squares: Images) -> None:
    _, epochs = trained(squares, epochs=10, rate=0.01)
    assert epochs[-1].metrics["train/loss"] < epochs[0].metrics["train/loss"]
    assert epochs[-1].metrics["val/accuracy"] > 0.9


def test_augmentation_touches_training_images_of_its_epochs_only(squares: Images) -> None:
    seen: list[tuple[int, int]] = []

    def augment(images: np.ndarray, indices: np.ndarray, epoch: int) -> np.ndarray:
        assert np.array_equal(images, squares.images[indices])
        seen.extend((epoch, int(index)) for index in indices)
        return np.zeros_like(images)

    model, epochs = trained(squares, epochs=3, augment=augment, unaugmented=2)
    assert sorted(seen) == [(epoch, index) for epoch in (1, 3) for index in range(24)]
    plain = build_evaluator(model, batch_size=10)(squares.images, squares.labels)
    assert epochs[-1].metrics["val/loss"] == plain.loss


def test_the_training_metrics_are_means_over_images_not_batches(squares: Images) -> None:
    rates = np.full(3, 1e-30, np.float32)
    (epoch,) = train_model(small_model(), squares, rates=lambda _: rates)
    assert epoch.metrics["train/loss"] == pytest.approx(epoch.metrics["val/loss"], rel=1e-5)
    assert epoch.metrics["train/accuracy"] == pytest.approx(epoch.metrics["val/accuracy"])


def test_validation_loss_does_not_saturate(squares: Images) -> None:
    model = small_model()
    last = model.get_layer("probability")
    last.set_weights([np.zeros_like(last.get_weights()[0]), np.array([100.0], np.float32)])
    result = build_evaluator(model, batch_size=10)(squares.images, squares.labels)
    assert result.loss == pytest.approx(50.0)


def test_each_step_has_its_own_learning_rate_and_is_reported_in_order(squares: Images) -> None:
    steps: list[tuple[int, int, float]] = []
    optimizer = build_optimizer(RMSPROP)
    epochs = train_model(
        small_model(),
        squares,
        optimizer,
        first_epoch=2,
        epochs=3,
        rates=lambda epoch: np.array([epoch, epoch, 0.5], np.float32),
        on_step=lambda epoch, step, *_: steps.append((epoch, step, float(optimizer.learning_rate))),
    )
    assert [epoch.metrics["lr"] for epoch in epochs] == [2, 3]
    assert steps == [(2, 1, 2), (2, 2, 2), (2, 3, 0.5), (3, 1, 3), (3, 2, 3), (3, 3, 0.5)]


def test_recall_is_a_classs_share_found() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]], np.float32)
    result = Evaluation(probabilities, np.zeros(4, np.float32), np.array([0, 0, 0, 1]))
    assert result.confusion.tolist() == [[1, 2], [0, 1]]
    assert result.recalls.tolist() == [pytest.approx(1 / 3), 1.0]
    assert result.accuracy == 0.5


def test_three_classes_train_as_categorical() -> None:
    images = Images(np.zeros((6, 16, 16, 3), np.uint8), np.array([0, 1, 2, 0, 1, 2]))
    (epoch,) = train_model(small_model(classes=3), images, classes=("a", "b", "c"), batch_size=4)
    assert {"val/recall/a", "val/recall/b", "val/recall/c"} <= epoch.metrics.keys()
    assert epoch.validation.probabilities.shape == (6, 3)

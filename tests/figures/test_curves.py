"""Figures of probabilities, with few classes and many."""

import numpy as np
import pytest

from hhexp.figures.curves import draw_calibration, draw_precision_recall, draw_roc


def draw_answers(classes: int, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of a network that is better than chance."""
    random = np.random.default_rng(classes)
    labels = np.arange(images) % classes
    logits = random.normal(size=(images, classes)) + 2 * np.eye(classes)[labels]
    powers = np.exp(logits)
    return labels, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("classes", "entries"), [(2, 1), (3, 5), (10, 12), (300, 3)])
@pytest.mark.parametrize("draw", [draw_roc, draw_precision_recall])
def test_each_of_few_classes_has_a_curve_and_many_a_band(
    render, draw, classes: int, entries: int
) -> None:
    labels, probabilities = draw_answers(classes, 900)
    figure = draw(labels, probabilities, [f"class {n}" for n in range(classes)])
    assert render(figure).std() > 0
    assert len(figure.axes[0].get_legend().get_texts()) == entries


def test_a_perfect_network_has_an_area_of_one(render) -> None:
    labels = np.array([0, 1, 0, 1])
    figure = draw_roc(labels, np.eye(2)[labels], ["a", "b"])
    assert figure.axes[0].get_legend().get_texts()[0].get_text() == "b, AUC 1.000"


@pytest.mark.parametrize("draw", [draw_roc, draw_precision_recall])
def test_images_of_one_class_have_no_such_curve(draw) -> None:
    with pytest.raises(ValueError, match="one class"):
        draw(np.zeros(3, int), np.eye(2)[[0, 1, 0]], ["a", "b"])


@pytest.mark.parametrize(("classes", "images"), [(2, 1), (2, 256), (300, 900)])
def test_calibration_shows_every_image_once(render, classes: int, images: int) -> None:
    figure = draw_calibration(*draw_answers(classes, images))
    assert render(figure).std() > 0
    assert sum(bar.get_height() for bar in figure.axes[1].patches) == images

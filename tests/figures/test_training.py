"""A training in figures."""

import io

import matplotlib
import numpy as np
import pytest

from hhexp.figures.sheets import draw_sheet, draw_worst_errors
from hhexp.figures.training import draw_confusion_matrix, draw_learning_curves

CLASSES = ("horses", "humans")


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_learning_curves_show_every_epoch_and_the_best(render, read_texts, epochs: int) -> None:
    values = np.linspace(0.5, 0.75, epochs).tolist()
    names = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
    figure = draw_learning_curves(dict.fromkeys(names, values))
    assert render(figure).std() > 0
    for axes in figure.axes:
        assert [np.asarray(line.get_ydata()).tolist() for line in axes.lines] == [values, values]
        ticks = [tick for tick in axes.get_xticks() if 0.5 <= tick <= epochs + 0.5]
        assert all(float(tick).is_integer() for tick in ticks)
    assert f"{max(values):.1%}, epoch {epochs}" in read_texts(figure)


def test_learning_curves_of_a_run_that_diverged_are_drawn(render) -> None:
    names = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
    render(draw_learning_curves({name: [np.nan, np.nan] for name in names}))


def test_a_confusion_matrix_shows_counts_and_shares(render, read_texts) -> None:
    figure = draw_confusion_matrix(np.array([[120, 8], [30, 98]]), CLASSES)
    render(figure)
    assert "120\n93.8%" in read_texts(figure)
    assert "30\n23.4%" in read_texts(figure)
    assert "85.2% of 256 images correct" in read_texts(figure)


def test_a_class_without_images_does_not_break_the_confusion_matrix(render, read_texts) -> None:
    figure = draw_confusion_matrix(np.array([[3, 0], [0, 0]]), CLASSES)
    render(figure)
    assert "0\n0.0%" in read_texts(figure)


@pytest.mark.parametrize("classes", [21, 1000])
def test_a_confusion_matrix_of_many_classes_keeps_its_size(
    render, read_texts, classes: int
) -> None:
    names = [f"class {number}" for number in range(classes)]
    figure = draw_confusion_matrix(np.eye(classes, dtype=int), names)
    assert render(figure).std() > 0
    assert figure.get_size_inches().tolist() == [9.6, 9.0]
    axes = figure.axes[0]
    assert not axes.texts
    assert len(axes.get_xticks()) <= 40
    assert axes.get_xticklabels()[-1].get_text() in names
    assert f"100.0% of {classes:,} images correct" in read_texts(figure)


def test_pyplot_keeps_no_figure_open(render) -> None:
    render(draw_confusion_matrix(np.eye(2, dtype=int), CLASSES))
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


NAMES = ["$\\frac$", "$", "x" * 250, "\x1b[2J", "\U0001f40e", "a\nb", "&<>", "\udcff", "{}", "_^"]


@pytest.mark.parametrize("name", NAMES)
def test_any_class_and_file_can_be_drawn(name: str, render) -> None:
    counts, images = np.array([[3, 1], [0, 2]]), np.zeros((1, 8, 8, 3), np.uint8)
    render(draw_confusion_matrix(counts, [name, f"{name}2"]))
    true, predicted, probability = np.array([0]), np.array([1]), np.array([[0.2, 0.8]])
    render(draw_worst_errors(images, true, predicted, probability, [name], [name, f"{name}2"]))
    render(draw_sheet(list(images), [name], name, 1))


def test_a_class_is_no_formula(render) -> None:
    figure = draw_confusion_matrix(np.eye(2, dtype=int), ["$x^2$", "b"])
    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    assert file.getvalue().count("$x^2$") >= 2

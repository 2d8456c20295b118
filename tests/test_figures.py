"""Pictures of a training."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from hhexp import figures

CLASSES = ("horses", "humans")
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
PATHS = [f"validation/{i}.png" for i in range(6)]


def drawn(figure: Figure) -> np.ndarray:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    file.seek(0)
    return np.asarray(imread(file))


def texts(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in (*axes.texts, axes.title)]
        found.append(axes.get_title(loc="left"))
    return "\n".join(found)


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_learning_curves_show_every_epoch_and_the_best(epochs: int) -> None:
    values = np.linspace(0.5, 0.75, epochs).tolist()
    names = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
    figure = figures.learning_curves(dict.fromkeys(names, values))
    assert drawn(figure).std() > 0
    for axes in figure.axes:
        assert [np.asarray(line.get_ydata()).tolist() for line in axes.lines] == [values, values]
        ticks = [tick for tick in axes.get_xticks() if 0.5 <= tick <= epochs + 0.5]
        assert all(float(tick).is_integer() for tick in ticks)
    assert f"{max(values):.1%}, epoch {epochs}" in texts(figure)


def test_learning_curves_of_a_run_that_diverged_are_drawn() -> None:
    names = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
    drawn(figures.learning_curves({name: [np.nan, np.nan] for name in names}))


def test_a_confusion_matrix_shows_counts_and_shares() -> None:
    figure = figures.confusion_matrix(np.array([[120, 8], [30, 98]]), CLASSES)
    drawn(figure)
    assert "120\n93.8%" in texts(figure)
    assert "30\n23.4%" in texts(figure)
    assert "85.2% of 256 images right" in texts(figure)


def test_a_class_without_images_does_not_break_the_confusion_matrix() -> None:
    figure = figures.confusion_matrix(np.array([[3, 0], [0, 0]]), CLASSES)
    drawn(figure)
    assert "0\n0.0%" in texts(figure)


def test_an_image_sheet_shows_each_image_with_its_caption_upright() -> None:
    image = np.zeros((40, 20, 3), np.uint8)
    image[:20, :, 0] = 255  # red above, black below
    figure = figures.image_sheet([image] * 3, ["a", "b", "c"], "Title", 2)
    assert [text.get_text() for text in figure.axes[0].texts] == ["Title", "a", "b", "c"]
    pixels = drawn(figure)[..., :3]
    red = (pixels == (1, 0, 0)).all(axis=-1).nonzero()[0]
    black = (pixels == (0, 0, 0)).all(axis=-1).nonzero()[0]
    assert red.min() < black.min()
    assert red.size == pytest.approx(black.size, rel=0.1)


def test_captions_stay_within_their_images_places() -> None:
    captions = [
        "horse01-105.png\nhorses, taken for humans in 20 of 20",
        f"{'a_very_long_name_' * 4}.png\nWWWWWWWW MMMMMMMM; wrong in 3/5 → 5/5",
    ] * 4
    image = np.zeros((40, 20, 3), np.uint8)
    figure = figures.image_sheet([image] * 8, captions, "Title", 4)
    drawn(figure)
    axes = figure.axes[0]
    boxes = [
        text.get_window_extent().transformed(axes.transData.inverted()) for text in axes.texts[1:]
    ]
    for number, box in enumerate(boxes):
        left = number % 4 * figures.TILE_IN + figures.GAP_IN
        assert left - 0.02 <= box.x0 < box.x1 <= left + figures.TILE_IN - figures.GAP_IN + 0.02
        assert box.height * 72 < 5 * 1.2 * figures.CAPTION_PT
    picture = axes.images[0].get_extent()
    assert boxes[0].y0 <= picture[3] and boxes[0].y1 <= picture[3]
    assert min(boxes[4].y0, boxes[4].y1) >= picture[2]  # the second row's are below the first
    assert "horses, taken for humans\nin 20 of 20" in axes.texts[1].get_text()


def test_a_caption_is_no_formula() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    sheet = figures.image_sheet([image], ["$\\frac{1$.png"], "", 1)
    drawn(sheet)  # as mathematics it would not parse


def test_the_surest_errors_come_first_and_say_what_they_were_taken_for() -> None:
    true = np.array([0, 0, 1, 1, 0, 1])
    human = np.array([0.1, 0.6, 0.9, 0.05, 0.2, 0.7])
    probability = np.stack([1 - human, human], axis=1)
    figure = figures.worst_errors(
        IMAGES, true, probability.argmax(axis=1), probability, PATHS, CLASSES
    )
    drawn(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "All 2 errors on 6 validation images",
        "3.png\nhorses, sure to 95.0%",
        "1.png\nhumans, sure to 60.0%",
    ]


def test_no_errors_are_said_cleanly() -> None:
    true = np.zeros(6, np.int64)
    figure = figures.worst_errors(IMAGES, true, true, np.ones((6, 2)), PATHS, CLASSES)
    drawn(figure)
    assert "No errors: all 6 validation images are right." in texts(figure)


def test_pyplot_keeps_no_figure_open() -> None:
    drawn(figures.confusion_matrix(np.eye(2, dtype=int), CLASSES))
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []

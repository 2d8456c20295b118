"""Sheets of images."""

import numpy as np
import pytest

from hhexp.figures.sheets import CAPTION_PT, GAP_IN, TILE_IN, draw_sheet, draw_worst_errors

CLASSES = ("horses", "humans")
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
PATHS = [f"validation/{i}.png" for i in range(6)]


def test_an_image_sheet_shows_each_image_with_its_caption_upright(render) -> None:
    image = np.zeros((40, 20, 3), np.uint8)
    image[:20, :, 0] = 255  # red above, black below
    figure = draw_sheet([image] * 3, ["a", "b", "c"], "Title", 2)
    assert [text.get_text() for text in figure.axes[0].texts] == ["Title", "a", "b", "c"]
    pixels = render(figure)[..., :3]
    red = (pixels == (1, 0, 0)).all(axis=-1).nonzero()[0]
    black = (pixels == (0, 0, 0)).all(axis=-1).nonzero()[0]
    assert red.min() < black.min()
    assert red.size == pytest.approx(black.size, rel=0.1)


def test_captions_stay_within_their_images_places(render) -> None:
    captions = [
        "horse01-105.png\nhorses, taken for humans in 20 of 20",
        f"{'a_very_long_name_' * 4}.png\nWWWWWWWW MMMMMMMM; wrong in 3/5 → 5/5",
    ] * 4
    image = np.zeros((40, 20, 3), np.uint8)
    figure = draw_sheet([image] * 8, captions, "Title", 4)
    render(figure)
    axes = figure.axes[0]
    boxes = [
        text.get_window_extent().transformed(axes.transData.inverted()) for text in axes.texts[1:]
    ]
    for number, box in enumerate(boxes):
        left = number % 4 * TILE_IN + GAP_IN
        assert left - 0.02 <= box.x0 < box.x1 <= left + TILE_IN - GAP_IN + 0.02
        assert box.height * 72 < 5 * 1.2 * CAPTION_PT
    picture = axes.images[0].get_extent()
    assert boxes[0].y0 <= picture[3] and boxes[0].y1 <= picture[3]
    assert min(boxes[4].y0, boxes[4].y1) >= picture[2]  # the second row's are below the first
    assert "horses, taken for humans\nin 20 of 20" in axes.texts[1].get_text()


def test_a_caption_is_no_formula(render) -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    sheet = draw_sheet([image], ["$\\frac{1$.png"], "", 1)
    render(sheet)  # as mathematics it would not parse


def test_the_surest_errors_come_first_and_say_what_they_were_taken_for(render) -> None:
    true = np.array([0, 0, 1, 1, 0, 1])
    human = np.array([0.1, 0.6, 0.9, 0.05, 0.2, 0.7])
    probability = np.stack([1 - human, human], axis=1)
    figure = draw_worst_errors(
        IMAGES, true, probability.argmax(axis=1), probability, PATHS, CLASSES
    )
    render(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "All 2 errors on 6 validation images",
        "3.png\nhorses, 95.0% sure",
        "1.png\nhumans, 60.0% sure",
    ]


def test_no_errors_are_said_cleanly(render, read_texts) -> None:
    true = np.zeros(6, np.int64)
    figure = draw_worst_errors(IMAGES, true, true, np.ones((6, 2)), PATHS, CLASSES)
    render(figure)
    assert "No errors: all 6 validation images are correct." in read_texts(figure)

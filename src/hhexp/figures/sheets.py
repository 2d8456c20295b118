"""Sheets of images, each under its caption."""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hhexp.escape import escape
from hhexp.figures.style import INK, make_figure, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hhexp.data import Split

SHOWN_ERRORS = 24
TILE_IN = 1.65
GAP_IN = 0.1
"""A sheet's step from image to image, and what of it stays white, in inches."""
CAPTION_PT = 7.5
ROWS, COLUMNS = 12, 8
"""Of samples: the classes that are shown, and the images of each."""


def draw_sheet(
    images: Sequence[np.ndarray], captions: Sequence[str], title: str, columns: int
) -> "Figure":
    """Draw images in rows of ``columns``, each with its caption.

    Args:
        images: each [H, W, 3] uint8.
        captions: as many; lines that are wider than an image's place are broken.
        title: above all.
        columns: images in a row.
    """
    rows = -(-len(images) // columns)
    side_in = TILE_IN - GAP_IN
    captions = [_wrap(caption, 72 * side_in) for caption in captions]
    lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    row_in = TILE_IN + 0.08 + 0.14 * lines
    width_in, height_in = max(columns * TILE_IN, 4) + GAP_IN, rows * row_in + 0.4
    figure = make_figure(width_in, height_in)
    figure.set_layout_engine("none")
    # One Axes, in inches from the top left: an Axes for each image takes ten times as long.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.text(GAP_IN, 0.25, title, color=INK, fontsize=11, fontweight="bold")
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        middle = number % columns * TILE_IN + GAP_IN + side_in / 2
        bottom = (number // columns + 1) * row_in + 0.3
        scale = side_in / max(image.shape[:2])
        top, half = bottom - image.shape[0] * scale, image.shape[1] * scale / 2
        axes.imshow(image, extent=(middle - half, middle + half, bottom, top), aspect="auto")
        axes.text(middle, top - 0.05, caption, ha="center", color=INK, fontsize=CAPTION_PT)
    axes.set(xlim=(0, width_in), ylim=(height_in, 0))
    axes.set_axis_off()
    return figure


def draw_samples(splits: Mapping[str, "Split"], classes: Sequence[str], name: str) -> "Figure":
    """Draw some images of each class, a row each: from all splits, evenly spaced.

    Args:
        splits: by name.
        classes: of which the first ``ROWS`` are shown.
        name: the data set's.
    """
    images, captions = [], []
    for label, title in enumerate(classes[:ROWS]):
        places = [
            (split, int(index))
            for split, members in splits.items()
            for index in np.flatnonzero(members.labels == label)
        ]
        for number in np.linspace(0, len(places) - 1, COLUMNS).round().astype(int):
            split, index = places[number]
            images.append(splits[split].images[index])
            path = splits[split].paths[index]
            captions.append(f"{shorten(title, 24)}\n{split}/{shorten(path.rsplit('/')[-1], 20)}")
    more = f", the first {ROWS} of {len(classes):,} classes" if len(classes) > ROWS else ""
    return draw_sheet(images, captions, f"{name}: some images of each class{more}", COLUMNS)


def draw_worst_errors(
    images: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray,
    probability: np.ndarray,
    paths: Sequence[str],
    classes: Sequence[str],
) -> "Figure":
    """Draw the images that were classified wrongly, the most confident mistakes first.

    Args:
        images: [N, H, W, 3] uint8.
        true: [N] integers, the images' classes.
        predicted: [N] integers, the predicted classes.
        probability: [N, C], each class's probability.
        paths: the N images' paths.
        classes: the C names.
    """
    wrong = np.flatnonzero(true != predicted)
    if not len(wrong):
        return _draw_message(f"No errors: all {len(true):,} validation images are correct.")
    sure = probability[wrong, predicted[wrong]]
    shown = wrong[np.argsort(-sure, kind="stable")][:SHOWN_ERRORS]
    captions = [
        f"{shorten(paths[i].rsplit('/', 1)[-1], 24)}\n"
        f"{shorten(classes[predicted[i]], 14)}, {probability[i, predicted[i]]:.1%} sure"
        for i in shown
    ]

    title = f"The worst {len(shown)} of {len(wrong):,} errors on {len(true):,} validation images"
    if len(wrong) == 1:
        title = f"The one error on {len(true):,} validation images"
    elif len(shown) == len(wrong):
        title = f"All {len(wrong)} errors on {len(true):,} validation images"
    return draw_sheet([images[i] for i in shown], captions, title, min(6, max(4, len(shown))))


def _draw_message(text: str) -> "Figure":
    figure = make_figure(6, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, fontsize=11)
    return figure


def _wrap(text: str, width_pt: float) -> str:
    """A caption whose lines are no wider: broken at blanks, and a word that is too long is cut."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append("")
        for word in line.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and _measure_pt(longer) > width_pt:
                lines.append(word)
            else:
                lines[-1] = longer
    for number, line in enumerate(lines):
        kept = len(line)
        while _measure_pt(lines[number]) > width_pt:
            kept -= 1
            lines[number] = shorten(line, kept)
    return "\n".join(lines)


def _measure_pt(text: str) -> float:
    """How wide a line of a caption is."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    font.set_size(CAPTION_PT, 72)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        font.set_text(escape(text))
    return font.get_width_height()[0] / 64  # which it gives in 64ths of a point

"""Pictures of a training: arrays in, Matplotlib figures out, without pyplot's global state."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAIN, VALIDATION = "#0072B2", "#D55E00"  # Okabe and Ito's palette, for every kind of colour vision
INK, FAINT = "#222222", "#D9D9D9"
TITLE: dict[str, Any] = {"fontsize": 11, "loc": "left", "color": INK, "fontweight": "bold"}
SHOWN_ERRORS = 24
TILE_IN = 1.65
GAP_IN = 0.1
"""A sheet's step from image to image, and what of it stays white, in inches."""
CAPTION_PT = 7.5


def learning_curves(history: Mapping[str, Sequence[float]]) -> "Figure":
    """Loss and accuracy by epoch, training beside validation; the best epoch is marked.

    Args:
        history: values from epoch 1 on, of train/loss, val/loss, train/accuracy, val/accuracy.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = _figure(9, 3.6)
    for place, name in enumerate(("loss", "accuracy"), start=1):
        axes = figure.add_subplot(1, 2, place)
        for split, label, colour in (
            ("train", "training", TRAIN),
            ("val", "validation", VALIDATION),
        ):
            values = history[f"{split}/{name}"]
            epochs = np.arange(1, len(values) + 1)
            axes.plot(epochs, values, color=colour, label=label, marker="o", markersize=3.5)
        axes.set_title(name.capitalize(), **TITLE)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(0.5, len(values) + 0.5)
        axes.margins(y=0.12)
        axes.grid(color=FAINT, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
            _mark_best(axes, history["val/accuracy"])
        else:
            axes.set_ylabel("cross-entropy (nats)")
            axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
            axes.legend(frameon=False)
    return figure


def confusion_matrix(counts: np.ndarray, classes: Sequence[str]) -> "Figure":
    """How many images of each class were taken for which.

    Args:
        counts: [C, C] integers, rows the true and columns the predicted class.
        classes: the C names.
    """
    counts = np.asarray(counts)
    size = len(classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 1.6 + max(2.2, 0.75 * size)
    figure = _figure(side + 0.6, side)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(size):
        for column in range(size):
            axes.text(
                column,
                row,
                f"{counts[row, column]:,}\n{shares[row, column]:.1%}",
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else INK,
                fontsize=11 if size <= 4 else 7,
            )
    names = [_short(name, 18) for name in classes]
    axes.set_xticks(range(size), names, rotation=0 if size <= 3 else 45)
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right = counts.trace() / max(counts.sum(), 1)
    axes.set_title(f"{right:.1%} of {counts.sum():,} images right", **TITLE)
    axes.spines[:].set_visible(False)
    return figure


def image_sheet(
    images: Sequence[np.ndarray], captions: Sequence[str], title: str, columns: int
) -> "Figure":
    """Images in rows of ``columns``, each with its caption.

    Args:
        images: each [H, W, 3] uint8.
        captions: as many; lines that are wider than an image's place are broken.
        title: above all.
        columns: images in a row.
    """
    rows = -(-len(images) // columns)
    side_in = TILE_IN - GAP_IN
    captions = [_wrapped(caption, 72 * side_in) for caption in captions]
    lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    row_in = TILE_IN + 0.08 + 0.14 * lines
    width_in, height_in = max(columns * TILE_IN, 4) + GAP_IN, rows * row_in + 0.4
    figure = _figure(width_in, height_in)
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
        text = axes.text(middle, top - 0.05, caption, ha="center", color=INK, fontsize=CAPTION_PT)
        text.set_parse_math(False)  # a file's name may have a $ in it
    axes.set(xlim=(0, width_in), ylim=(height_in, 0))
    axes.set_axis_off()
    return figure


def worst_errors(
    images: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray,
    probability: np.ndarray,
    paths: Sequence[str],
    classes: Sequence[str],
) -> "Figure":
    """The images that were taken for another class, the surest mistakes first.

    Args:
        images: [N, H, W, 3] uint8.
        true: [N] integers, the images' classes.
        predicted: [N] integers, what they were taken for.
        probability: [N, C], each class's probability.
        paths: the N images' paths.
        classes: the C names.
    """
    wrong = np.flatnonzero(true != predicted)
    if not len(wrong):
        return _message(f"No errors: all {len(true):,} validation images are right.")
    sure = probability[wrong, predicted[wrong]]
    shown = wrong[np.argsort(-sure, kind="stable")][:SHOWN_ERRORS]
    captions = [
        f"{_short(paths[i].rsplit('/', 1)[-1], 24)}\n"
        f"{_short(classes[predicted[i]], 14)}, sure to {probability[i, predicted[i]]:.1%}"
        for i in shown
    ]

    title = f"The worst {len(shown)} of {len(wrong):,} errors on {len(true):,} validation images"
    if len(wrong) == 1:
        title = f"The one error on {len(true):,} validation images"
    elif len(shown) == len(wrong):
        title = f"All {len(wrong)} errors on {len(true):,} validation images"
    return image_sheet([images[i] for i in shown], captions, title, min(6, max(4, len(shown))))


def _figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=110, layout="constrained", facecolor="white")


def _message(text: str) -> "Figure":
    figure = _figure(6, 1.2)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, fontsize=11)
    return figure


def _mark_best(axes: "Axes", values: Sequence[float]) -> None:
    """Point out the highest value, the earliest of equals."""
    if np.isnan(values).all():
        return
    best = int(np.nanargmax(values))
    axes.annotate(
        f"{values[best]:.1%}, epoch {best + 1}",
        (best + 1, values[best]),
        xytext=(0, 7),
        textcoords="offset points",
        ha="right" if best > len(values) / 2 else "left",
        color=VALIDATION,
        fontsize=8,
    )


def _wrapped(text: str, width_pt: float) -> str:
    """A caption whose lines are no wider: broken at blanks, and a word that is too long is cut."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append("")
        for word in line.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and _width_pt(longer) > width_pt:
                lines.append(word)
            else:
                lines[-1] = longer
    for number, line in enumerate(lines):
        kept = len(line)
        while _width_pt(lines[number]) > width_pt:
            kept -= 1
            lines[number] = _short(line, kept)
    return "\n".join(lines)


def _width_pt(text: str) -> float:
    """How wide a line of a caption is."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    font.set_size(CAPTION_PT, 72)
    font.set_text(text)
    return font.get_width_height()[0] / 64  # which it gives in 64ths of a point


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

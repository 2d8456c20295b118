"""Figures, looked at."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread


@pytest.fixture
def render() -> Callable[[Figure], np.ndarray]:
    """From a figure to its pixels."""

    def to_pixels(figure: Figure) -> np.ndarray:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        file.seek(0)
        return np.asarray(imread(file))

    return to_pixels


@pytest.fixture
def read_texts() -> Callable[[Figure], str]:
    """From a figure to all that is written in it, but for its axes' numbers."""

    def join(figure: Figure) -> str:
        found = [text.get_text() for text in figure.texts]
        for axes in figure.axes:
            found += [text.get_text() for text in (*axes.texts, axes.title)]
            found.append(axes.get_title(loc="left"))
        return "\n".join(found)

    return join

"""The figure of photographs and what speaks for their classes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp.errors import UserError
from hhexp.prediction.photographs import Photograph
from hhexp.prediction.sheet import PICTURED, draw_answers, save_figure

ONE = Photograph(Path("a/$1.png"), np.zeros((60, 30, 3), np.uint8), np.zeros((8, 8, 3), np.uint8))


def test_the_figure_says_where_nothing_was_found_and_what_it_leaves_out(answers) -> None:
    count = PICTURED + 1
    figure = draw_answers([ONE] * count, [answers([[0, 1]] * count, heat=0)])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[0].endswith(f"the first {PICTURED} of {count}")
    assert texts[1:3] == ["$1.png", "dogs 100.0% (blank: nothing speaks for it)"]
    assert len(figure.axes[0].images) == 2 * PICTURED


def test_unscaled_answers_stand_in_a_column_of_their_own(answers) -> None:
    figure = draw_answers([ONE], [answers([[0.2, 0.8]]), answers([[1, 0]])])
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[1:] == ["$1.png", "dogs 80.0%", "unscaled: cats 100.0%"]


def test_a_figure_is_saved_whole_or_not_at_all(answers, tmp_path: Path) -> None:
    figure = draw_answers([ONE], [answers([[0, 1]])])
    save_figure(figure, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.size[0] > 500
    with pytest.raises(UserError, match=r"--output .*: cannot be written: No such file"):
        save_figure(figure, tmp_path / "none/figure.png")
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]

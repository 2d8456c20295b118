"""Images that nothing but the benchmark reads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def draw_bmp(tmp_path: Path) -> Callable[[int, int], Path]:
    """A function that draws class folders of grey images as BMP: ``(side, per_class)``."""

    def draw(side: int, per_class: int) -> Path:
        root = tmp_path / "bmp"
        for split in ("train", "validation"):
            for name in ("moons", "suns"):
                (root / split / name).mkdir(parents=True)
                for number in range(per_class):
                    pixels = np.full((side, side, 3), 10 * number, np.uint8)
                    Image.fromarray(pixels).save(root / split / name / f"{number}.bmp")
        return root

    return draw

"""The images that both programs read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.images import find_source, write_png_files


def test_images_are_written_as_png_from_all_classes(
    draw_bmp: Callable[[int, int], Path], tmp_path: Path
) -> None:
    files = find_source(str(draw_bmp(8, 6)), "").files
    written = write_png_files(files, tmp_path / "png", 4, None)
    assert (written.training, written.validation) == (4, 12)
    paths = sorted(path.relative_to(written.folder) for path in written.folder.glob("train/*/*"))
    assert {path.suffix for path in paths} == {".png"}
    assert [path.parts[1] for path in paths].count("moons") == 2
    last = np.asarray(Image.open(written.folder / "validation/suns/5.png"))
    assert last.shape == (8, 8, 3) and (last == 50).all()

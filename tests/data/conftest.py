import gc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Draw = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, not there yet."""
    monkeypatch.setenv("HHEXP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HHEXP_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def draw() -> Draw:
    """Draws an image of noise into a file."""

    def drawn(file: Path, size: tuple[int, int] = (32, 32), mode: str = "RGB") -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(len(str(file.name))).integers(0, 256, (*size[::-1], 4))
        Image.fromarray(values.astype(np.uint8), mode="RGBA").convert(mode).save(file)
        return file

    return drawn


@pytest.fixture
def images(tmp_path: Path, draw: Draw) -> Path:
    """A folder of class folders: cats and dogs, three training and two validation images each."""
    root = tmp_path / "images"
    for split, count in (("train", 3), ("validation", 2)):
        for label in ("cats", "dogs"):
            for number in range(count):
                draw(root / split / label / f"{label}{number}.png")
    return root


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For tests that download from this machine: no proxy, and no waiting between attempts."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    yield
    # pooch leaves the connection of a failed request open until it is collected.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()

import numpy as np
import pytest


@pytest.fixture
def smooth_images() -> np.ndarray:
    """[4, 64, 64, 3] uint8."""
    return smooth(64)


@pytest.fixture
def large_smooth_images() -> np.ndarray:
    """[4, 256, 256, 3] uint8, for what depends on how much of an image is its edge."""
    return smooth(256)


def smooth(side: int) -> np.ndarray:
    """[4, side, side, 3] uint8, a few waves across the image: smooth as photographs are."""
    y, x = np.mgrid[:side, :side] / side
    random = np.random.default_rng(0)
    images = np.zeros((4, side, side, 3))
    for frequency in (0.5, 1, 2, 3):
        across, down = random.normal(0, frequency, (2, 4, 1, 1, 3))
        phase = random.uniform(0, 2 * np.pi, (4, 1, 1, 3))
        waves = np.sin(2 * np.pi * (across * x[..., None] + down * y[..., None]) + phase)
        images += waves / frequency
    low, high = images.min((1, 2), keepdims=True), images.max((1, 2), keepdims=True)
    return np.round(255 * (images - low) / (high - low)).astype(np.uint8)

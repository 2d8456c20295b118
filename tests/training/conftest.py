"""A tiny network of the study's kind, and what it looks at."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def images() -> np.ndarray:
    """[4, 12, 12, 3] float32."""
    return np.random.default_rng(3).random((4, 12, 12, 3), dtype=np.float32)


@pytest.fixture
def network() -> Callable[..., Any]:
    """Makes two blocks of convolution, max pooling and ReLU, and a dense layer."""

    def make(*, sequential: bool = False, relu: Any = None, **convolution: Any) -> Any:
        import keras
        from keras import Input, Model, Sequential, layers

        keras.utils.set_random_seed(1)
        row: list[Any] = []
        for _ in range(2):
            row += [layers.Conv2D(4, 3, **convolution), layers.MaxPooling2D()]
            row += [layers.ReLU(**(relu or {}))]
        row += [layers.Flatten(), layers.Dense(1, activation="sigmoid")]
        x = inputs = Input((12, 12, 3))
        if sequential:
            return Sequential([inputs, *row])
        for layer in row:
            x = layer(x)
        return Model(inputs, x)

    return make

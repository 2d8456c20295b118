"""FLOPs are counted from a model's layers, and the peak is a plausible number."""

import keras
import pytest

from hhexp import models
from hhexp.training.utilisation import count_flops, measure_peak


def cnn(filters: list[int], side: int) -> keras.Model:
    return models.build("cnn", {"filters": filters, "dense_units": 8}, (side, side, 3), 2)


def test_flops_are_counted_by_layer_and_pass() -> None:
    first = 2 * (8 * 8) * (3 * 3 * 3 * 4)  # 8×8 positions; no gradient of the images
    second = 2 * (2 * 2) * (3 * 3 * 4 * 5)
    dense = 2 * 5 * 8 + 2 * 8
    assert count_flops(cnn([4, 5], 10)) == 2 * first + 3 * (second + dense)


def test_the_studys_network_takes_what_the_design_says() -> None:
    model = models.build(
        "cnn", {"filters": [16, 32, 64, 64, 64], "dense_units": 512}, (300, 300, 3), 2
    )
    assert count_flops(model) * 1027 == pytest.approx(1.65e12, rel=0.01)


def test_a_frozen_layer_costs_its_forward_pass_alone() -> None:
    inner = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Conv2D(4, 3)])
    inner.trainable = False
    head = keras.layers.Dense(2)
    model = keras.Sequential([inner, keras.layers.Flatten(), head])
    model.build((None, 6, 6, 3))
    assert count_flops(model) == 2 * 16 * (27 * 4) + 2 * (2 * 64 * 2)


def test_the_peak_is_measured_once() -> None:
    peak = measure_peak()
    assert peak > 1e8
    assert measure_peak() == peak

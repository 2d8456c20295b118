"""Two runs share exactly the epochs in which nothing that moves the numbers differs."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.config.registry import (
    augmentation_step,
    epoch_callback,
    lr_schedule,
    metric_function,
)
from hhexp.config.schema import Config
from hhexp.data import Dataset, Split
from hhexp.experiment import check_config
from hhexp.experiment.stages import Chain, build_chain, count_shared, is_beginning

STEPS = 3


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Six training images, so that a batch size of 2 makes three steps."""
    names = [f"{split}/{name}/{n}.png" for split in "tv" for name in "xy" for n in range(3)]
    images, labels = np.zeros((6, 8, 8, 3), np.uint8), np.array([0, 0, 0, 1, 1, 1])
    train, validation = (Split(images, labels, tuple(names[i : i + 6])) for i in (0, 6))
    return Dataset("drawn", ("x", "y"), train, validation, "f" * 64, ())


def make_config(text: str) -> Config:
    words = ["batch_size=2", "epochs=6", "data.image_size=150", *text.split()]
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", words), resolve=True)
    return check_config(values)


def chain(dataset: Dataset, text: str) -> Chain:
    return build_chain(make_config(text), dataset, "cpu")


STEP = "lr=step lr.factor=0.5"
WARM = "lr=warmup_cosine lr.warmup=3"


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("", "epochs=4", 4),
        ("", "lr.value=0.01", 0),
        ("", "seed=1", -1),
        ("", "optimizer=adam", -1),
        ("", "batch_size=3", 0),
        ("", "aug=full", 0),
        ("", "aug=none aug.rotation_range=10.0 aug.from=3", 2),
        ("aug=full", "aug=full aug.until=4", 4),
        ("aug=full", "aug=full aug.until=9", 6),
        ("aug=full aug.until=2", "aug=full aug.until=4", 2),
        ("aug=full aug.until=4", "aug=full aug.until=4 aug.fill_mode=wrap", 0),
        ("aug=full aug.until=4", "aug=full aug.engine=keras_layers aug.until=4", 0),
        ("aug=full aug.from=3", "aug=flip aug.from=4", 2),
        ("", f"{STEP} lr.every=2", 2),
        (f"{STEP} lr.every=2", "lr=step lr.every=2 lr.factor=0.1", 2),
        (f"{STEP} lr.every=2", f"{STEP} lr.every=3", 2),
        (f"{STEP} lr.every=3", f"{STEP} lr.milestones=[3,5]", 5),
        (f"{STEP} lr.every=4 epochs=5", f"{STEP} lr.every=2", 2),
        ("", "lr=step lr.factor=1.0", 6),
        ("lr=cosine", "lr=cosine epochs=5", 0),
        ("", "lr=cosine", 0),
        (WARM, f"{WARM} epochs=5", 3),
        (WARM, f"{WARM} lr.final_fraction=0.1", 3),
        (WARM, "lr=warmup_cosine lr.warmup=4", 0),
        ("", WARM, 0),
    ],
)
def test_runs_share_their_epochs_up_to_the_first_that_differs(
    dataset: Dataset, one: str, other: str, shared: int
) -> None:
    first, second = chain(dataset, one), chain(dataset, other)
    assert count_shared(first, second) == count_shared(second, first) == shared
    assert count_shared(first, first) == first.epochs


def test_a_schedule_of_ones_own_shares_what_it_leaves_alone(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mine(epoch: int, steps: int, epochs: int, *, value: float) -> list[float]:
        return [value / 2 if (epoch, step) == (4, 1) else value for step in range(steps)]

    monkeypatch.setitem(lr_schedule.functions, "mine", mine)
    assert count_shared(chain(dataset, ""), chain(dataset, "lr.schedule=mine")) == 3


def test_runs_that_differ_in_patience_or_objective_share_all_epochs(dataset: Dataset) -> None:
    for text in ("stopping.patience=2", "objective=val/loss"):
        assert chain(dataset, text).stages == chain(dataset, "").stages


def test_other_images_share_nothing(dataset: Dataset) -> None:
    others = dataclasses.replace(dataset, fingerprint="0" * 64)
    assert count_shared(chain(dataset, ""), chain(others, "")) == -1


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("tracking.label=x", True),
        ("state.every=1 state.keep=all", True),
        ("reuse=false", True),
        ("objective=val/loss", False),
        ("stopping.patience=3", False),
        ("aug.engine=keras_layers", True),
        ("epochs=5", False),
        ("seed=1", False),
        ("lr=step lr.factor=1.0", False),
        ("aug=full aug.from=7", False),
        ("data.views.upper={box:[0.0,0.0,0.5,1.0]}", False),
    ],
)
def test_a_request_is_all_that_a_finished_run_should_have(
    dataset: Dataset, override: str, same: bool
) -> None:
    asked = chain(dataset, override.replace("data.views", "+data.views"))
    assert (asked.request == chain(dataset, "").request) is same


@pytest.mark.parametrize(
    ("text", "epochs", "beginning"),
    [("", 2, True), (STEP, 2, True), ("lr=cosine", 2, False), ("lr=cosine", 6, True),
     (WARM, 3, True), (WARM, 4, False)],
)  # fmt: skip
def test_a_shorter_run_is_the_beginning_where_the_rates_are(
    text: str, epochs: int, beginning: bool
) -> None:
    assert is_beginning(make_config(text), epochs, images=6) is beginning


def test_test_images_ask_for_other_answers_and_for_no_other_training(dataset: Dataset) -> None:
    test = Split(dataset.train.images[:2], np.array([0, 1]), ("test/x/a.png", "test/y/b.png"))
    without = chain(dataset, "")
    one, other = (
        chain(dataclasses.replace(dataset, test=test, test_fingerprint=mark * 64), "")
        for mark in "ab"
    )
    assert one.stages == other.stages == without.stages
    assert len({each.request for each in (one, other, without)}) == 3
    swapped = dataclasses.replace(test, labels=np.array([1, 0]))
    dataset = dataclasses.replace(dataset, test=swapped, test_fingerprint="a" * 64)
    assert chain(dataset, "").request != one.request


def test_own_steps_move_their_epochs_and_own_metrics_and_callbacks_none(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for registry in (augmentation_step, metric_function, epoch_callback):
        monkeypatch.setitem(registry.functions, "mine", lambda *_, key=1: None)
    plain = chain(dataset, "")
    stepped = chain(dataset, "aug.steps=[mine] aug.from=3")
    assert count_shared(plain, stepped) == 2
    assert count_shared(stepped, chain(dataset, "aug.steps=[{name:mine,key:2}] aug.from=3")) == 2
    watched = [chain(dataset, f"{key}=[mine]") for key in ("metrics", "callbacks")]
    for each in watched:
        assert each.stages == plain.stages
    assert len({each.request for each in [plain, *watched]}) == 3

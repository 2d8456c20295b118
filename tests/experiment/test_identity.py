"""A run's identity holds what moves the numbers, and nothing else."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.config.registry import augmentation_step, epoch_callback, metric_function
from hhexp.config.schema import Config
from hhexp.data import Dataset, Split
from hhexp.experiment import check_config
from hhexp.experiment import identity as identity_module
from hhexp.experiment.identity import (
    Identity,
    foresee_portability,
    identify,
    list_differences,
)
from hhexp.models import cnn
from hhexp.models.transfer import BACKBONES
from hhexp.provenance.sources import hash_sources
from hhexp.training.portability import Portability


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    images, labels = np.zeros((2, 8, 8, 3), np.uint8), np.array([0, 1])
    train, validation = (
        Split(images, labels, (f"{name}/x/a.png", f"{name}/y/b.png"))
        for name in ("train", "validation")
    )
    return Dataset("drawn", ("x", "y"), train, validation, "f" * 64, ())


def parts(dataset: Dataset, *overrides: str, device: str = "cpu") -> Identity:
    return identify(make_config(*overrides), dataset, device)


def make_config(*overrides: str) -> Config:
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    return check_config(values)


@pytest.mark.parametrize(
    "override",
    ["epochs=30", "tracking.label=x", "objective=val/loss", "state.every=1", "state.trace=true",
     "reuse=false", "data.cache=none",
     "data.name=other", "aug.engine=keras_layers", "aug.fill_mode=wrap"],
)  # fmt: skip
def test_what_moves_no_number_is_left_out(dataset: Dataset, override: str) -> None:
    assert parts(dataset, override) == parts(dataset)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=1", "seed 0 → 1"),
        ("batch_size=16", "batch_size 32 → 16"),
        ("lr.value=0.01", "lr.value 0.001 → 0.01"),
        ("model.dense_units=64", "model.dense_units 512 → 64"),
        ("data.image_size=150", "data.image_size None → 150"),
        ("runtime.threads=1", "threads 2 → 1"),
        ("runtime.precision=mixed_bfloat16", "precision float32 → mixed_bfloat16"),
    ],
)
def test_what_moves_them_is_named(dataset: Dataset, override: str, said: str) -> None:
    assert list_differences(parts(dataset), parts(dataset, override)) == [said]


def test_a_loss_counts_where_it_is_not_the_plain_cross_entropy(dataset: Dataset) -> None:
    assert not any(name.startswith("loss.") for name in parts(dataset))
    assert list_differences(parts(dataset), parts(dataset, "loss.label_smoothing=0.1")) == [
        "loss.function None → cross_entropy",
        "loss.label_smoothing None → 0.1",
    ]


def test_transforms_count_with_all_that_shapes_them(dataset: Dataset) -> None:
    full = parts(dataset, "aug=full")
    other = parts(dataset, "aug=full", "aug.rotation_range=30.0", "aug.fill_mode=wrap")
    assert list_differences(full, other) == [
        "aug.fill_mode nearest → wrap",
        "aug.rotation_range 40.0 → 30.0",
    ]


def test_the_epochs_with_transforms_count_where_they_are_not_all(dataset: Dataset) -> None:
    full, until = parts(dataset, "aug=full"), parts(dataset, "aug=full", "aug.until=5")
    assert list_differences(full, until) == ["aug.until None → 5"]
    assert parts(dataset, "aug.until=5") == parts(dataset)


def test_a_run_that_is_not_portable_is_told_apart_by_the_cpus_approximations(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identify_with(portability: Portability, tables: str) -> Identity:
        monkeypatch.setattr(identity_module, "fingerprint_approximations", lambda: tables)
        return identify(make_config(), dataset, "cpu", portability)

    portable, not_portable = Portability(), Portability(("mine: LRN",))
    assert identify_with(portable, "aaa") == identify_with(portable, "bbb") == parts(dataset)
    (said,) = list_differences(
        identify_with(not_portable, "aaa"), identify_with(not_portable, "bbb")
    )
    assert said.startswith("portability ")
    assert "aaa → " in said
    assert identify_with(not_portable, "aaa") != parts(dataset)


def test_hhexps_own_models_are_said_to_be_portable_and_a_persons_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert foresee_portability(make_config()).startswith("portable")
    monkeypatch.setattr(cnn, "__module__", "my_models")
    assert "is looked at" in foresee_portability(make_config())


def test_other_images_another_device_and_other_sources_count(dataset: Dataset) -> None:
    usual = parts(dataset)
    others = dataclasses.replace(dataset, fingerprint="0" * 64)
    assert list_differences(usual, parts(others)) == ["data"]
    assert list_differences(usual, parts(dataset, device="gpu")) == ["device cpu → gpu"]
    assert {"source hhexp/augment/affine.py", "source hhexp/training/step.py"} <= usual.keys()
    assert "source hhexp/training/progress.py" not in usual
    edited = {**usual, "source hhexp/augment/affine.py": "0" * 32, "tensorflow": "9.9.9"}
    assert list_differences(usual, edited) == [
        "source hhexp/augment/affine.py",
        f"tensorflow {usual['tensorflow']} → 9.9.9",
    ]


def test_labels_count_where_the_folders_do_not_tell_them(dataset: Dataset) -> None:
    assert "labels" not in parts(dataset)
    swapped = dataclasses.replace(dataset.train, labels=dataset.train.labels[::-1])
    others = dataclasses.replace(dataset, train=swapped)
    assert list_differences(parts(dataset), parts(others)) == ["labels"]


def test_a_file_of_weights_counts_by_its_content(dataset: Dataset, tmp_path: Path) -> None:
    def identified(name: str, content: bytes) -> Identity:
        (tmp_path / name).write_bytes(content)
        return parts(dataset, "model=transfer", f"model.weights={tmp_path / name}")

    assert identified("a.h5", b"one") == identified("b.h5", b"one")
    assert identified("a.h5", b"one") != identified("a.h5", b"two")


def test_weights_in_kerass_cache_count_by_their_content_too(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    cached = tmp_path / "models" / BACKBONES["mobilenet_v2"].file
    cached.parent.mkdir()
    found = []
    for content in (b"one", b"other"):
        cached.write_bytes(content)
        found.append(parts(dataset, "model=mobilenet_v2"))
        (tmp_path / "copy.h5").write_bytes(content)
        named = parts(dataset, "model=mobilenet_v2", f"model.weights={tmp_path}/copy.h5")
        assert named == found[-1]
    (said,) = list_differences(*found)
    assert said.startswith("model.weights SHA-256 ")


def test_a_step_and_its_keys_count_and_no_metric_or_callback(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for registry in (augmentation_step, metric_function, epoch_callback):
        monkeypatch.setitem(registry.functions, "mine", lambda *_, key=1: None)
    plain = parts(dataset)
    one = parts(dataset, "aug.steps=[{name:mine,key:1}]")
    other = parts(dataset, "aug.steps=[{name:mine,key:2}]")
    assert list_differences(one, other) == [
        "aug.steps [{'name': 'mine', 'key': 1}] → [{'name': 'mine', 'key': 2}]"
    ]
    assert "aug.steps" not in plain
    assert parts(dataset, "metrics=[mine]", "callbacks=[mine]") == plain
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("a file of that name")
    assert parts(dataset, "aug.steps=[{name:mine,key:1}]") == one


def test_scipy_counts_where_it_transforms(dataset: Dataset) -> None:
    assert "aug.scipy" not in parts(dataset, "aug=full")
    assert "aug.scipy" in parts(dataset, "aug=full", "aug.engine=image_data_generator")


def test_every_file_of_the_persons_own_modules_counts(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for content in ("a = 1", "a = 2"):
        (tmp_path / "helping.py").write_text(content)
        assert "source helping" in parts(dataset, "modules=[helping]")
    edited = parts(dataset, "modules=[helping]")
    assert edited == parts(dataset, "modules=[helping]")  # what is imported stays as it was
    hash_sources.cache_clear()
    assert list_differences(edited, parts(dataset, "modules=[helping]")) == ["source helping"]

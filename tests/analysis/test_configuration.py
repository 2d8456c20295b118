"""Which runs are of a study's configuration, by what is on record of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.analysis.configuration import keep_alike
from hhexp.data import Dataset, Split
from hhexp.experiment import check_config
from hhexp.experiment.identity import identify
from hhexp.experiment.job import flatten
from hhexp.models.transfer import BACKBONES
from hhexp.tracking.query import StoredRun
from hhexp.training.portability import Portability

IDENTITY = {"lr.value": 0.001, "lr.schedule": "constant", "data": "a1", "batch_size": 32}
AUG = {"aug.engine": "affine", "aug.rotation_range": 40.0}


def run(
    number: int, *, aug: str = "full", seed: int = 0, params: Any = None, **parts: Any
) -> tuple[StoredRun, dict[str, str]]:
    identity = {**IDENTITY, **(AUG if aug == "full" else {}), "seed": seed, **parts}
    stored = StoredRun(
        f"{number:032x}", "run", "FINISHED", {"seed": str(seed), "aug": aug, **(params or {})},
        {"hhexp.identity": json.dumps(identity)}, datetime(2026, 1, 1 + number, tzinfo=UTC),
        None, None,
    )  # fmt: skip
    return stored, {"aug": aug}


def test_runs_that_differ_by_the_grid_and_the_seed_are_all_kept() -> None:
    placed = [run(n, aug=aug, seed=n) for n, aug in enumerate(("none", "full", "none", "full"))]
    assert keep_alike(placed, ["aug", "epochs"]) == (placed, [])


def test_another_learning_rate_is_no_seed_of_the_cell_and_is_named() -> None:
    placed = [run(n, seed=n) for n in range(3)]
    other = run(7, seed=7, **{"lr.value": 0.01})
    kept, notes = keep_alike([*placed, other], ["aug"])
    assert kept == placed
    assert notes == [
        "aug=full seed=7 (00000000) is not counted: it differs from the study's other runs in "
        "lr.value 0.001 → 0.01."
    ]


def test_so_is_one_of_other_code_or_images() -> None:
    placed = [run(0), run(1, seed=1), run(2, seed=2, **{"data": "b2", "source hhexp/x.py": "c3"})]
    kept, notes = keep_alike(placed, ["aug"])
    assert kept == placed[:2]
    assert notes[0].endswith("in data; source hhexp/x.py.")


def test_cells_that_differ_in_more_than_the_grid_are_not_compared() -> None:
    plain = [run(n, aug="none", seed=n) for n in range(3)]
    faster = [run(3 + n, aug="full", seed=n, **{"lr.value": 0.01}) for n in range(2)]
    kept, notes = keep_alike([*plain, *faster], ["aug"])
    assert kept == plain
    assert len(notes) == 2


def test_of_two_configurations_with_as_many_runs_the_newer_counts() -> None:
    old = [run(n, seed=n, **{"tensorflow": "1"}) for n in range(2)]
    new = [run(2 + n, seed=n, **{"tensorflow": "2"}) for n in range(2)]
    assert keep_alike([*old, *new], ["aug"])[0] == new


def test_a_grid_may_vary_a_part_of_the_augmentation_down_to_none() -> None:
    key = "aug.rotation_range"
    some = run(0)
    none = run(1, aug="none", params={"aug.engine": "affine", key: "0.0"})
    assert keep_alike([some, none], [key]) == ([some, none], [])


def test_a_run_without_an_identity_is_told_by_its_parameters() -> None:
    def plain(number: int, **params: str) -> tuple[StoredRun, dict[str, str]]:
        stored, cell = run(number, params=params)
        stored.tags.clear()
        return stored, cell

    placed = [plain(0, **{"device": "a CPU"}), plain(1, **{"device": "another"})]
    other = plain(2, **{"lr.value": "0.01"})
    assert keep_alike([*placed, other], ["aug"])[0] == placed


def real(*overrides: str, content: str = "f", portable: bool = True) -> StoredRun:
    """A run as it is recorded: with the parameters and the identity of its configuration."""
    images, labels = np.zeros((2, 8, 8, 3), np.uint8), np.array([0, 1])
    split = Split(images, labels, ("train/x/a.png", "train/y/b.png"))
    dataset = Dataset("drawn", ("x", "y"), split, split, content * 64, ())
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    config = check_config(values)
    identity = identify(config, dataset, "cpu", None if portable else Portability(("Erf",)))
    params = {key: str(value) for key, value in flatten(config.model_dump()).items()}
    return StoredRun(
        "-".join([*overrides, content]), "run", "FINISHED", params,
        {"hhexp.identity": json.dumps(dict(identity))}, datetime(2026, 1, 1, tzinfo=UTC),
        None, None,
    )  # fmt: skip


GRIDS = {
    "aug.engine": ("affine", "image_data_generator", "keras_layers"),
    "aug.rotation_range": ("0", "40"),
    "aug.until": ("5", "null"),
    "aug.from": ("1", "5"),
    "batch_size": ("16", "32"),
    "data.image_size": ("100", "150"),
    "loss.class_weight": ("null", "balanced"),
    "loss.label_smoothing": ("0", "0.1"),
    "lr": ("constant", "cosine"),
    "lr.value": ("0.1", "0.01"),
    "optimizer": ("adam", "rmsprop"),
    "runtime.precision": ("float32", "mixed_bfloat16"),
    "runtime.threads": ("1", "2"),
}


@pytest.mark.parametrize("key", GRIDS)
@pytest.mark.parametrize(
    "fixed", [["aug=full"], ["aug=none", "aug.zoom_range=0.1", "aug.until=7", "aug.from=2"]]
)
def test_what_a_varied_key_brings_with_it_is_no_other_configuration(
    key: str, fixed: list[str]
) -> None:
    placed = [(real(*fixed, f"{key}={value}"), {key: value}) for value in GRIDS[key]]
    assert keep_alike(placed, [key]) == (placed, [])
    stray = real(*fixed, f"{key}={GRIDS[key][0]}", "seed=2", "model.dense_units=64")
    kept, (note,) = keep_alike([*placed, (stray, {key: GRIDS[key][0]})], [key])
    assert kept == placed
    assert note.endswith("in model.dense_units 512 → 64.")


def test_nor_are_an_augmentation_with_an_end_and_none() -> None:
    fixed = ["aug=full", "aug.engine=image_data_generator", "aug.until=7", "aug.from=2"]
    zero = [f"{name}_range=0" for name in ("aug.shear", "aug.zoom", "aug.width_shift")]
    zero += ["aug.height_shift_range=0", "aug.horizontal_flip=false"]
    key = "aug.rotation_range"
    placed = [(real(*fixed, *zero, f"{key}={value}"), {key: value}) for value in ("0", "40")]
    assert keep_alike(placed, [key]) == (placed, [])


def test_nor_are_the_weights_of_each_backbone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()

    def train(backbone: str, seed: int, weights: str) -> tuple[StoredRun, dict[str, str]]:
        (tmp_path / "models" / BACKBONES[backbone].file).write_text(weights)
        stored = real("model=transfer", f"model.backbone={backbone}", f"seed={seed}")
        return stored, {"model.backbone": backbone}

    placed = [
        train(name, seed, name) for name in ("inception_v3", "mobilenet_v2") for seed in (0, 1)
    ]
    assert keep_alike(placed, ["model.backbone"]) == (placed, [])
    kept, (note,) = keep_alike([*placed, train("mobilenet_v2", 2, "others")], ["model.backbone"])
    assert kept == placed
    assert "model.weights SHA-256" in note


def test_nor_are_other_images_where_a_grid_varies_how_they_are_split() -> None:
    key = "data.split_seed"
    placed = [
        (real(f"{key}={n}", f"seed={seed}", content=str(n)), {key: str(n)})
        for n in (1, 2)
        for seed in (0, 1)
    ]
    assert keep_alike(placed, [key]) == (placed, [])
    other = real(f"{key}=1", "seed=2", content="3"), {key: "1"}
    kept, notes = keep_alike([*placed, other], [key])
    assert kept == placed
    assert len(notes) == 1


def test_nor_is_a_model_whose_bits_depend_on_the_cpu() -> None:
    key = "model.dense_units"
    placed = [
        (real(f"{key}={units}", f"seed={seed}", portable=units == 8), {key: str(units)})
        for units in (8, 16)
        for seed in (0, 1)
    ]
    assert keep_alike(placed, [key]) == (placed, [])

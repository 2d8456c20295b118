"""A study of synthetic runs whose verdicts are known: logged as the real ones, never trained."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from PIL import Image

from hhexp.config.check import check
from hhexp.experiment import read_data
from hhexp.experiment.job import flatten
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

CLASSES = ("horses", "humans")
SEEDS = tuple(range(7))
CELLS = [("none", 4), ("none", 8), ("full", 4), ("full", 8)]

STUDY = """
title: Synthetic & small
question: Does <augmentation> help?
grid: aug=none,full epochs=4,8
seeds: [0, 1, 2, 3, 4, 5, 6]
claims:
  - name: lower_loss
    text: Augmentation lowers validation loss.
    statements:
      - {metric: val/loss, statistic: last, cell: {aug: full, epochs: 4}, versus: {aug: none, epochs: 4}, direction: lower}
  - name: higher_accuracy
    text: Augmentation raises validation accuracy.
    statements:
      - {metric: val/accuracy, statistic: last, cell: {aug: full, epochs: 4}, versus: {aug: none, epochs: 4}, direction: higher}
  - name: higher_train_loss
    text: Augmentation raises training loss.
    statements:
      - {metric: train/loss, statistic: last, cell: {aug: full, epochs: 4}, versus: {aug: none, epochs: 4}, direction: higher}
reference:
  source: Published figures
  figures:
    - {cell: {aug: none, epochs: 4}, metric: val/accuracy, statistic: last, value: 0.5, note: a note}
    - {cell: {aug: none, epochs: 4}, metric: train/accuracy, statistic: last, value: [0.9, 1.0]}
views:
  upper_half: the upper half
"""  # noqa: E501


@dataclass(frozen=True)
class Synthetic:
    """A store with a sweep of 28 runs."""

    store: Store
    study: Path
    sweep_id: str
    run_ids: dict[tuple[str, int, int], str]
    """By aug, epochs and seed."""


def metrics(aug: str, epochs: int, epoch: int, seed: int) -> dict[str, float]:
    """Loss 2 against 1 and accuracy 0.9 against 0.8, each with a spread that pairs share.

    Time and training loss differ by seed at random, so that their differences are undecided.
    """
    shared = (0.02, -0.01, 0.0, 0.015, -0.02, 0.01, -0.005)[seed]
    own = (0.004, -0.002, 0.001, -0.003, 0.002, 0.003, -0.003)[seed] if aug == "full" else 0.0
    random = (3.0, -2.0, 1.0, -2.5, 1.5, 2.0, -1.0)[seed] if aug == "full" else 0.0
    progress = epoch / epochs
    swing = 0.03 if epoch % 2 else 0.0
    accuracy = (0.8 if aug == "full" else 0.9) + shared + own - swing * (epoch < epochs)
    return {
        "train/accuracy": 0.5 + 0.5 * progress * (0.9 if aug == "full" else 1.0),
        "train/loss": 0.7 * (1.1 - progress) + 0.01 * random,
        "val/accuracy": accuracy,
        "val/loss": (1.0 if aug == "full" else 2.0) + shared + own,
        "val/recall/horses": accuracy - 0.05,
        "val/recall/humans": accuracy + 0.05,
        "val_upper_half/accuracy": accuracy - 0.2,
        "val_upper_half/recall/horses": accuracy - 0.3,
        "val_upper_half/recall/humans": accuracy - 0.1,
        "time/epoch_s": 10.0 + random,
    }


def wrong_images(aug: str, seed: int) -> set[int]:
    """Image 0 is wrong for all; augmentation fixes 1 and breaks 8 and 9; 2 is one seed's alone."""
    own = {2} if seed == 0 else set()
    return {0, 8, 9} | own if aug == "full" else {0, 1} | own


def predictions(paths: tuple[str, ...], labels: np.ndarray, wrong: set[int]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["path", "true", "predicted", *(f"p/{name}" for name in CLASSES)])
    for number, (path, true) in enumerate(zip(paths, labels, strict=True)):
        predicted = 1 - true if number in wrong else true
        writer.writerow([path, CLASSES[true], CLASSES[predicted], 1 - predicted, predicted])
    return table.getvalue()


def draw_images(root: Path) -> None:
    """Six images a class and split, horses brown and humans blue."""
    for split in ("train", "validation"):
        for label, colour in (("horses", (150, 90, 40)), ("humans", (40, 90, 200))):
            folder = root / split / label
            folder.mkdir(parents=True)
            for number in range(6):
                image = Image.new("RGB", (32, 32), colour)
                image.paste((250, 250, number * 40), (4, 4, 8 + number, 8 + number))
                image.save(folder / f"{label}-{number}.png")


def configuration(root: Path, overrides: list[str]) -> dict[str, object]:
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        composed = compose(
            "config", ["data=folder", f"data.root={root}", "model.filters=[4]", *overrides]
        )
    values = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthetic]:
    """The store and the study; tests only read it."""
    folder = tmp_path_factory.mktemp("synthetic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        patch.setenv("HHEXP_CACHE", str(folder / "cache"))
        draw_images(folder / "data")
        (folder / "study").mkdir()
        (folder / "study" / "study.yaml").write_text(STUDY)
        store = Store.resolve(f"sqlite:///{folder}/mlflow.db")
        store.prepare()
        sweep = TrackedRun.start(
            store, "study", "aug=none,full epochs=4,8", None,
            {"hhexp.kind": "sweep", "hhexp.command": "python -m hhexp.run -m aug=none,full"},
        )  # fmt: skip
        run_ids = {
            (aug, epochs, seed): log_run(store, folder / "data", sweep.run_id, aug, epochs, seed)
            for aug, epochs in CELLS
            for seed in SEEDS
        }
        sweep.finish("FINISHED", None)
        yield Synthetic(store, folder / "study", sweep.run_id, run_ids)
        import mlflow

        mlflow.set_tracking_uri(None)


def log_run(store: Store, root: Path, sweep_id: str, aug: str, epochs: int, seed: int) -> str:
    overrides = [f"aug={aug}", f"epochs={epochs}", f"seed={seed}"]
    values = configuration(root, overrides)
    config = check(values)
    dataset = read_data(config)
    run = TrackedRun.start(
        store, "study", " ".join(overrides), sweep_id,
        {"hhexp.kind": "run", "hhexp.overrides": " ".join(overrides),
         "hhexp.data.fingerprint": dataset.fingerprint},
    )  # fmt: skip
    choices = {"model": "cnn", "optimizer": "rmsprop", "lr": "constant", "aug": aug}
    run.log_params({**choices, "device": "a CPU", **flatten(config.model_dump())})
    for epoch in range(1, epochs + 1):
        run.log_epoch(epoch, metrics(aug, epochs, epoch, seed))
    run.log_text(yaml.safe_dump(values), "provenance/config.yaml")
    split = dataset.validation
    run.log_text(
        predictions(split.paths, split.labels, wrong_images(aug, seed)),
        "predictions/validation.csv",
    )
    run.finish("FINISHED", None)
    return run.run_id

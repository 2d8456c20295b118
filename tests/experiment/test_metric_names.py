"""What a run will have measured is known before it is trained."""

import shutil
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.experiment import check_config, read_data
from hhexp.experiment.metric_names import list_metrics
from hhexp.tracking.query import read_histories


@pytest.mark.parametrize("classes", [2, 3])
def test_the_names_are_those_of_a_trained_run(
    shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classes: int
) -> None:
    root = shutil.copytree(shell.pictures, tmp_path / "pictures")
    for split in ("train", "validation"):
        for name in ["planets"][: classes - 2]:
            shutil.copytree(root / split / "moons", root / split / name)
    words = [
        *("data=folder", f"data.root={root}", "data.test_share=0.5", "epochs=2"),
        *("data.image_size=32", "model=cnn", "model.filters=[4]", "model.dense_units=4"),
        "+data.views.middle.box=[0.25,0.25,0.75,0.75]",
    ]
    done = shell.call("run", *words)
    assert done.returncode == 0, done.stderr
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", words), resolve=True)
    monkeypatch.setenv("HHEXP_CACHE", str(shell.cache))
    config = check_config(values)
    names = list_metrics(config, read_data(config))
    logged = read_histories(shell.store, shell.runs()[0].run_id)
    assert sorted(names.all) == sorted(logged)
    # What is measured once has no number for the epochs before.
    assert sorted(names.at_end) == sorted(n for n, values in logged.items() if isnan(values[0]))

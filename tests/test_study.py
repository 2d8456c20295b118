"""The flagship study's run, on the real images."""

import json
from typing import Any

import pytest


@pytest.mark.real
@pytest.mark.slow
def test_the_study_trains_on_the_real_images(shell: Any) -> None:
    result = shell.call("run", "epochs=2")
    assert result.returncode == 0, result.stderr
    assert "1,027 training and 256 validation images; classes: horses 0, humans 1" in result.stdout
    (run,) = shell.runs()
    assert run.params["parameters"] == "1704097"
    inputs = shell.store.client().get_run(run.run_id).inputs.dataset_inputs
    counts = {entry.dataset.name: json.loads(entry.dataset.profile) for entry in inputs}
    assert counts["horses_or_humans/train"] == {
        "images": 1027,
        "by_class": {"horses": 500, "humans": 527},
    }
    assert counts["horses_or_humans/validation"] == {
        "images": 256,
        "by_class": {"horses": 128, "humans": 128},
    }
    assert json.loads(shell.artifact(run.run_id, "classes.json").read_text()) == {
        "horses": 0,
        "humans": 1,
    }
    metrics = shell.metrics(run.run_id)
    assert metrics["train/loss"][1] < metrics["train/loss"][0]
    assert {"val_close_up/accuracy", "val_random_crop/recall/horses"} <= metrics.keys()

"""The parts of docs/extend.md work as it says, to the bit."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEXT = (Path(__file__).parents[1] / "docs/extend.md").read_text(encoding="utf-8")
MODULES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", TEXT, re.DOTALL))
COMMANDS = re.findall(r"^python -m hhexp\.run (modules=.*)$", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def equipped(new_shell: Callable[[], Any]) -> Any:
    """A folder with the document's modules."""
    shell = new_shell()
    for name, content in MODULES.items():
        (shell.folder / f"{name}.py").write_text(content)
    return shell


ALL = [
    f"modules=[{','.join(sorted(MODULES))}]", "model=perceptron", "model.units=4", "batch_size=8",
    "optimizer=lion", "optimizer.beta_1=0.8", "lr.value=0.0001", "aug=flip",
    "aug.steps=[{name:cutout,size:5}]", "metrics=[margin]", "callbacks=[note_weights]",
    "runtime.threads=1",
]  # fmt: skip


def weights(shell: Any, run: Any) -> list[str]:
    file = shell.artifact(run.run_id, "provenance/epochs.json")
    return [epoch["weights"] for epoch in json.loads(file.read_text())]


def train(shell: Any, *words: str) -> str:
    told = shell.call("run", "data=folder", f"data.root={shell.pictures}", *ALL, *words)
    assert told.returncode == 0, told.stdout + told.stderr
    return str(told.stdout)


def test_every_part_has_an_example() -> None:
    assert set(MODULES) == {
        "my_models", "my_optimizers", "my_steps", "my_metrics", "my_callbacks",
    }  # fmt: skip
    assert {name for command in COMMANDS for name in re.findall(r"my_\w+", command)} == set(MODULES)


def test_own_parts_keep_a_run_exact(equipped: Any) -> None:
    shell = equipped
    train(shell, "epochs=2")
    assert "continue" in train(shell, "epochs=4")
    train(shell, "epochs=4", "reuse=false")
    short, resumed, alone = shell.runs()
    assert weights(shell, resumed) == weights(shell, alone)
    assert weights(shell, short) == weights(shell, alone)[:2]
    assert len(set(weights(shell, alone))) == 4
    assert shell.metrics(resumed.run_id) == shell.metrics(alone.run_id)
    assert len(shell.metrics(resumed.run_id)["val/margin"]) == 4
    # a callback is called for the epochs that its run trains
    folder = shell.artifact(resumed.run_id, "callbacks/note_weights")
    assert sorted(file.name for file in folder.iterdir()) == ["epoch_003.txt", "epoch_004.txt"]
    unnamed = shell.call("reproduce", alone.run_id)
    assert (unnamed.returncode, "give --modules my_callbacks" in unnamed.stderr) == (2, True)
    again = shell.call("reproduce", alone.run_id, "--modules", *sorted(MODULES))
    assert again.returncode == 0, again.stdout + again.stderr
    assert "exact" in again.stdout
    picture = str(next(shell.pictures.rglob("*.png")))
    asked = shell.call("predict", alone.run_id, picture, "--modules", "my_models")
    assert asked.returncode == 0, asked.stderr

    # a key of a step moves the training; metrics and callbacks do not
    said = train(shell, "epochs=4", "aug.steps=[{name:cutout,size:6}]", "explain=true")
    assert "train" in said and "aug.steps" in said
    assert "hit" in train(shell, "epochs=4", "explain=true")
    said = train(shell, "epochs=4", "metrics=[]", "callbacks=[]", "explain=true")
    assert "continue: from the state of run" in said

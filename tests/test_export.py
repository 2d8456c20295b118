"""A run's model as a file that needs no hhexp: it answers as the original, or is not written."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from hhexp.errors import UserError
from hhexp.export import TO, check_target, main
from hhexp.exporting import comparison, formats
from hhexp.exporting.comparison import draw_images, measure_difference
from hhexp.models import build
from hhexp.prediction.model import RunModel
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

SIDE = 16


def make_model(count: int) -> RunModel:
    """A small network, untrained."""
    keras.utils.set_random_seed(0)
    network = build("cnn", {"filters": [4], "dense_units": 4}, (SIDE, SIDE, 3), count)
    return RunModel(network, tuple("abcdef"[:count]))


@pytest.fixture
def run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrackedRun:
    """A run that logged a model and its classes, and not what it was trained on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    made = TrackedRun.start(store, "study", "aug=none")
    made.log_json({"a": 0, "b": 1}, "classes.json")
    made.log_model(make_model(2).network, draw_images(1, SIDE, SIDE))
    made.finish("FINISHED", None)
    return made


def test_the_formats_of_the_command_are_those_that_can_be_written() -> None:
    assert tuple(formats.FORMATS) == TO


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("to", TO)
def test_what_is_written_answers_as_the_original_does(to: str, count: int, tmp_path: Path) -> None:
    for package in formats.FORMATS[to].needs:
        pytest.importorskip(package)
    original = make_model(count)
    wrapped = formats.wrap(original.network, SIDE, SIDE)
    answer = formats.write(to, wrapped, tmp_path)
    images = draw_images(40, SIDE, SIDE)
    assert measure_difference(original, answer, images) < 1e-6
    assert answer(images[:1]).shape == (1, count)
    assert [path.name for path in tmp_path.iterdir()] == [formats.FORMATS[to].file]


def test_drawn_images_tell_colours_and_places_apart() -> None:
    original = make_model(3)
    images = draw_images(comparison.DRAWN, SIDE, SIDE)

    def swap(images: np.ndarray) -> np.ndarray:
        return np.asarray(original.network(images[..., ::-1]))

    def turn(images: np.ndarray) -> np.ndarray:
        return np.asarray(original.network(images[:, ::-1]))

    def scale(images: np.ndarray) -> np.ndarray:
        return np.asarray(original.network(images / np.float32(255)))

    for wrong in (swap, turn, scale):
        with pytest.raises(UserError, match="differ from the original's by up to"):
            measure_difference(original, wrong, images)
    with pytest.raises(UserError, match="by up to nan"):
        measure_difference(original, lambda some: np.full((len(some), 3), np.nan), images)
    with pytest.raises(UserError, match=r"answers with the shape \(64, 1\)"):
        measure_difference(original, lambda some: np.zeros((len(some), 1)), images)


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_a_run_without_its_data_is_checked_on_drawn_images(
    run: TrackedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([run.run_id[:8], "--to", "keras"]) == 0
    said = capsys.readouterr().out
    assert "64 drawn images, as the run's are not here (run" in said
    folder = Path(f"export-{run.run_id[:8]}-keras")
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "classes.json", "model.keras",
    ]  # fmt: skip
    assert json.loads((folder / "classes.json").read_text()) == ["a", "b"]
    card = (folder / "README.md").read_text()
    assert card.startswith(f"# Image classifier of run {run.run_id[:8]}\n")
    assert "64 drawn images" in card and "No metrics are on record" in card
    again = main([run.run_id, "--to", "keras"])
    assert (again, "is there already" in capsys.readouterr().err) == (2, True)


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_where_the_answers_differ_nothing_is_written(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(comparison, "TOLERANCE", -1)
    before = set(Path().iterdir())
    assert main([run.run_id, "--to", "keras", "--out", "mine"]) == 2
    assert "differ from the original's by up to 0, more than -1" in capsys.readouterr().err
    assert set(Path().iterdir()) == before


def test_a_model_that_a_format_cannot_hold_is_said_in_one_line(tmp_path: Path) -> None:
    images = keras.Input((SIDE, SIDE, 3))
    odd = keras.Model(images, keras.ops.linalg.svd(images)[1][:, 0, :3])
    with pytest.raises(UserError, match="--to tflite: this model cannot be converted: ") as caught:
        formats.write("tflite", formats.wrap(odd, SIDE, SIDE), tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_not_installed_is_said_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    assert main(["0" * 32, "--to", "onnx"]) == 2
    assert capsys.readouterr().err == (
        "hhexp: --to onnx: tf2onnx, onnx, onnxruntime not installed: pip install 'hhexp[export]'\n"
    )


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="is there already"):
        check_target(str(tmp_path / "there"))
    with pytest.raises(UserError, match="does not exist"):
        check_target(str(tmp_path / "nowhere/mine"))


@pytest.mark.slow
def test_a_trained_model_is_exported_and_its_card_s_code_runs(
    new_shell: Callable[..., Any],
) -> None:
    pytest.importorskip("tf2onnx")
    shell = new_shell()
    assert shell.train("epochs=2").returncode == 0
    (trained,) = shell.runs()
    done = shell.call("export", trained.run_id[:8], "--to", "onnx", "--epoch", "best")
    assert (done.returncode, done.stderr) == (0, "")
    assert "all 20 validation images of the run" in done.stdout
    folder = shell.folder / f"export-{trained.run_id[:8]}-onnx"
    card = (folder / "README.md").read_text()
    assert "| moons | 10 | 10 |" in card and "val/accuracy" in card
    assert str(shell.pictures) not in card
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    Image.new("RGB", (50, 40), (200, 10, 10)).save(folder / "image.jpg")
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() in ("moons", "suns")
    shutil.rmtree(folder)

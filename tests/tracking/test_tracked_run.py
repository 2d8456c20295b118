"""A run being logged."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import sqlalchemy
from matplotlib.figure import Figure

from hhexp.errors import UserError
from hhexp.tracking.names import find_name
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


@pytest.fixture
def run(store: Store) -> TrackedRun:
    return TrackedRun.start(store, "study", "aug=full", None, {"hhexp.kind": "run"})


def read(run: TrackedRun) -> Any:
    return run.store.client().get_run(run.run_id)


def artifact(run: TrackedRun, path: str) -> Path:
    return Path(run.store.client().download_artifacts(run.run_id, path))


def test_a_run_starts_under_its_parent(store: Store, run: TrackedRun) -> None:
    child = TrackedRun.start(store, "study", "epochs=15", run.run_id)
    assert read(child).data.tags["mlflow.parentRunId"] == run.run_id
    assert read(child).info.run_name == "epochs=15"
    assert read(run).info.status == "RUNNING"
    assert read(run).data.tags["hhexp.kind"] == "run"


def test_any_number_of_parameters_is_logged_and_long_ones_are_marked(run: TrackedRun) -> None:
    run.log_params({f"key.{number}": number for number in range(205)} | {"long": "x" * 9999})
    params = read(run).data.params
    assert len(params) == 206
    assert params["key.204"] == "204"
    assert params["long"].startswith("xxx")
    assert params["long"].endswith("… (cut)")


def test_an_epochs_metrics_have_its_step(run: TrackedRun) -> None:
    run.log_epoch(1, {"val/loss": 0.5})
    run.log_epoch(2, {"val/loss": float("nan"), "val/recall/a#b": 1.0})
    history = run.store.client().get_metric_history(run.run_id, "val/loss")
    assert [metric.step for metric in history] == [1, 2]
    assert np.isnan(history[1].value)
    assert read(run).data.metrics["val/recall/a_b"] == 1.0


def test_classes_whose_names_become_the_same_have_metrics_of_their_own(run: TrackedRun) -> None:
    epoch = {"val/recall/a#": 0.1, "val/recall/a%": 0.2, "val/recall/a_": 0.3, "val/recall/b#": 0.4}
    run.log_epoch(1, epoch)
    run.log_epoch(2, {name: value + 0.5 for name, value in epoch.items()})
    logged = read(run).data.metrics
    assert sorted(logged.values()) == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert logged["val/recall/a_"] == 0.8 and logged["val/recall/b_"] == 0.9
    for name, value in epoch.items():
        found = find_name(name, logged)
        history = run.store.client().get_metric_history(run.run_id, found)
        assert [each.value for each in history] == pytest.approx([value, value + 0.5])


def test_views_of_such_classes_are_logged_once_each(run: TrackedRun) -> None:
    views = {"val_half/recall/c++": 0.1, "val_half/recall/c##": 0.2}
    run.log_once(1, {"val_half/recall/c++": 0.1})
    run.log_once(1, views)
    run.log_once(1, views)
    assert sorted(read(run).data.metrics.values()) == [0.1, 0.1, 0.2]


@pytest.mark.parametrize(
    "name",
    ["x" * 250, "é" * 255, "$\\frac$", "\U0001f40e", "..", "a//b", "/", "\x1b[2J", "a\nb", "ab "],
)
def test_any_class_has_a_metric_that_mlflow_takes(run: TrackedRun, name: str) -> None:
    run.log_epoch(1, {f"val/recall/{name}": 0.5})
    (logged,) = read(run).data.metrics
    assert find_name(f"val/recall/{name}", [logged]) == logged
    run.log_params({name: 1})


def test_what_was_logged_once_is_not_logged_again(run: TrackedRun) -> None:
    run.log_once(3, {"val_half/recall/a#b": 0.5})
    run.log_once(3, {"val_half/recall/a#b": 0.5, "val_half/accuracy": 0.6})
    client = run.store.client()
    for name in ("val_half/recall/a_b", "val_half/accuracy"):
        assert [metric.step for metric in client.get_metric_history(run.run_id, name)] == [3]


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_a_run_has_a_model_once_also_where_logging_it_was_broken_off(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = run.store.client()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    example = np.zeros((1, 2), np.float32)

    def crash(*_: object) -> None:
        raise RuntimeError("out of power")

    with monkeypatch.context() as patch:
        patch.setattr(type(client), "finalize_logged_model", crash)
        with pytest.raises(RuntimeError):
            run.log_model(model, example)
    for _ in range(2):
        run.log_model(model, example)
        (output,) = read(run).outputs.model_outputs
        logged = client.get_logged_model(output.model_id)
        assert logged.status == "READY"
    described = Path(logged.artifact_location, "MLmodel").read_text()
    assert logged.model_id in described and run.run_id in described


def test_both_splits_are_inputs_with_our_fingerprint(run: TrackedRun) -> None:
    digest = "0123456789abcdef" * 4
    run.log_dataset("shapes", digest, "/data", "train", {"circles": 3, "squares": 4})
    run.log_dataset("shapes", digest, "/data", "validation", {"circles": 1, "squares": 1})
    inputs = {each.tags[0].value: each.dataset for each in read(run).inputs.dataset_inputs}
    assert set(inputs) == {"train", "validation"}
    assert inputs["train"].digest == digest[:36]
    assert json.loads(inputs["train"].profile) == {
        "images": 7,
        "by_class": {"circles": 3, "squares": 4},
    }
    assert read(run).data.tags["hhexp.data.fingerprint"] == digest


def test_two_processes_that_log_a_data_set_at_once_log_the_same_one(
    store: Store, run: TrackedRun
) -> None:
    other = TrackedRun.start(store, "study", "aug=none")
    interrupted = []

    def between(_: Any, __: Any, statement: str, *___: Any) -> None:
        """Stand in for another process at the moment after this one has looked."""
        if statement.startswith("INSERT INTO datasets") and not interrupted:
            interrupted.append(statement)
            other.log_dataset("shapes", "0123", "/data", "train", {"circles": 3})

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", between)
    try:
        run.log_dataset("shapes", "0123", "/data", "train", {"circles": 3})
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", between)
    assert interrupted
    assert read(run).inputs.dataset_inputs == read(other).inputs.dataset_inputs
    assert len(read(run).inputs.dataset_inputs) == 1


def test_texts_values_figures_and_files_become_artifacts(run: TrackedRun, tmp_path: Path) -> None:
    (tmp_path / "state.bin").write_bytes(b"state")
    run.log_text("one\n", "notes/a.txt")
    run.log_json({"größe": 1}, "b.json")
    run.log_figure(Figure(), "figures/c.png")
    run.log_file(tmp_path / "state.bin", "states")
    assert artifact(run, "notes/a.txt").read_text() == "one\n"
    assert json.loads(artifact(run, "b.json").read_text()) == {"größe": 1}
    assert artifact(run, "figures/c.png").read_bytes().startswith(b"\x89PNG")
    assert artifact(run, "states/state.bin").read_bytes() == b"state"


def test_a_run_ends_finished(run: TrackedRun) -> None:
    run.finish("FINISHED", None)
    assert read(run).info.status == "FINISHED"
    assert "hhexp.error" not in read(run).data.tags


def test_a_failure_keeps_its_error(run: TrackedRun) -> None:
    try:
        raise ValueError("bad\nvalue")
    except ValueError as error:
        run.finish("FAILED", error)
    assert read(run).info.status == "FAILED"
    assert read(run).data.tags["hhexp.error"] == "ValueError: bad value"
    assert "test_tracked_run.py" in artifact(run, "error.txt").read_text()


def test_a_run_ends_even_where_its_error_cannot_be_kept(
    run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(TrackedRun, "log_text", full)
    run.finish("FAILED", ValueError("bad"))
    assert read(run).info.status == "FAILED"


def test_ctrl_c_kills_without_an_error(run: TrackedRun) -> None:
    run.finish("KILLED", KeyboardInterrupt())
    assert read(run).info.status == "KILLED"
    assert "hhexp.error" not in read(run).data.tags


def test_a_run_is_resumed_by_its_id(store: Store, run: TrackedRun) -> None:
    run.finish("FAILED", ValueError("bad"))
    again = TrackedRun.resume(store, run.run_id)
    assert read(again).info.status == "RUNNING"
    assert "hhexp.error" not in read(again).data.tags
    with pytest.raises(UserError, match="has no run 0000"):
        TrackedRun.resume(store, "0000")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # TensorFlow's import
def test_a_logged_model_predicts_as_the_one_in_memory(run: TrackedRun) -> None:
    import keras
    import mlflow

    inputs = keras.Input((8, 8, 3))
    scaled = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(scaled))
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    run.log_model(model, images[:1])
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.run_id}/model")
    np.testing.assert_allclose(loaded.predict(images), model(images), rtol=1e-5)
    signature = loaded.metadata.signature
    assert [spec.type for spec in signature.inputs] == [np.dtype("uint8")]
    assert signature.outputs.inputs[0].shape == (-1, 1)
    assert read(run).info.status == "RUNNING"

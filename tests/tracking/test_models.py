"""Models read back from their runs."""

import os
import re
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from hhexp.errors import UserError
from hhexp.models import build
from hhexp.tracking import entries
from hhexp.tracking.models import load_file, load_model, read_classes
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

# MLflow's own, of its own classes
pytestmark = pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def cnn() -> keras.Model:
    return build("cnn", {"filters": [4], "dense_units": 4}, (16, 16, 3), 2)


def started(store: Store, **tags: str) -> TrackedRun:
    return TrackedRun.start(store, "study", "epochs=2", tags=tags)


def logged_file(tmp_path: Path) -> Path:
    """The one model file in the store's artifacts."""
    (file,) = (tmp_path / "artifacts").rglob("model.keras")
    return file


@pytest.fixture
def finished(store: Store) -> TrackedRun:
    """A run with a model."""
    run = started(store)
    run.log_model(cnn(), IMAGES[:1])
    run.finish("FINISHED", None)
    return run


def test_a_runs_model_comes_back_with_its_answers(store: Store, finished: TrackedRun) -> None:
    other = cnn()
    run = started(store)
    run.log_model(other, IMAGES[:1])
    loaded = load_model(store, run.run_id)
    expected = other.predict(IMAGES, verbose=0)
    assert np.array_equal(loaded.predict(IMAGES, verbose=0), expected)
    assert not np.array_equal(
        load_model(store, finished.run_id).predict(IMAGES, verbose=0), expected
    )


def test_of_two_models_of_a_run_the_last_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "_list_models", lambda *_: {})  # hhexp itself logs no second one
    run = started(store)
    first, last = cnn(), cnn()
    for model in (first, last):
        run.log_model(model, IMAGES[:1])
    loaded = load_model(store, run.run_id)
    assert np.array_equal(loaded.predict(IMAGES, verbose=0), last.predict(IMAGES, verbose=0))


def test_the_best_epochs_model_is_told_from_the_last(store: Store) -> None:
    run = TrackedRun.start(store, "study", "epochs=3")
    last, best = cnn(), cnn()
    best.set_weights([weight + 1 for weight in best.get_weights()])
    run.log_model(last, IMAGES[:1])
    run.log_model(best, IMAGES[:1], "best", 2)
    run.log_once(3, {"best/epoch": 2.0})
    run.finish("FINISHED", None)
    for epoch, model in (("last", last), ("best", best)):
        loaded = load_model(store, run.run_id, epoch)
        assert np.array_equal(loaded.get_weights()[-1], model.get_weights()[-1])


def test_a_run_that_ends_at_its_best_has_one_model_for_both(store: Store) -> None:
    run = TrackedRun.start(store, "study", "epochs=3")
    run.log_model(cnn(), IMAGES[:1])
    run.log_once(3, {"best/epoch": 3.0})
    run.finish("FINISHED", None)
    load_model(store, run.run_id, "best")


def test_a_run_that_kept_no_best_model_says_so(store: Store, finished: TrackedRun) -> None:
    with pytest.raises(UserError, match=r"has no model of its best epoch: .*use --epoch last"):
        load_model(store, finished.run_id, "best")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "has no model yet: its status is RUNNING"),
        ("FAILED", "has no model: its status is FAILED"),
        ("KILLED", "has no model: its status is KILLED"),
        ("FINISHED", "has no model: none was logged"),
    ],
)
def test_a_run_without_a_model_says_why(store: Store, status: str | None, words: str) -> None:
    run = started(store)
    if status:
        run.finish(status, None)
    with pytest.raises(UserError, match=words):
        load_model(store, run.run_id)


def test_a_sweep_is_told_from_its_runs(store: Store) -> None:
    sweep = started(store, **{"hhexp.kind": "sweep"})
    with pytest.raises(UserError, match="is a sweep and has no model itself"):
        load_model(store, sweep.run_id)


def test_a_model_file_that_is_gone_is_said(
    store: Store, finished: TrackedRun, tmp_path: Path
) -> None:
    logged_file(tmp_path).unlink()
    with pytest.raises(
        UserError,
        match=rf"{finished.run_id}'s model should be in .*, but data/model\.keras is gone",
    ):
        load_model(store, finished.run_id)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_a_damaged_model_file_is_said(
    store: Store, finished: TrackedRun, tmp_path: Path, content: bytes
) -> None:
    logged_file(tmp_path).write_bytes(content)
    with pytest.raises(UserError, match=r"is not a \.keras file, or is damaged"):
        load_model(store, finished.run_id)


def hostile(tmp_path: Path) -> dict[str, Any]:
    """Models that write the file ``ran`` once they are loaded or asked."""
    ran = str(tmp_path / "ran")
    images = keras.Input((16, 16, 3))
    code = layers.Lambda(
        lambda x: (__import__("pathlib").Path(ran).touch(), x)[1], output_shape=(16, 16, 3)
    )(images)
    exported = tmp_path / "exported"
    cnn().export(str(exported), verbose=False)
    graph = layers.TFSMLayer(str(exported), call_endpoint="serve")(images)
    return {"code": keras.Model(images, code), "graph": keras.Model(images, graph)}


@pytest.mark.parametrize("kind", ["code", "graph"])
def test_a_model_that_carries_code_is_refused(
    store: Store, finished: TrackedRun, tmp_path: Path, kind: str
) -> None:
    crafted = tmp_path / "crafted.keras"
    hostile(tmp_path)[kind].save(crafted)
    ran = tmp_path / "ran"
    ran.unlink(missing_ok=True)  # building the model ran its code
    shutil.copy(crafted, logged_file(tmp_path))
    with pytest.raises(UserError, match=r"its model cannot be loaded: .*(Lambda|TFSMLayer)"):
        load_model(store, finished.run_id)
    assert not ran.exists()
    if kind == "code":  # without safe mode it would have run
        keras.saving.load_model(crafted, safe_mode=False)(IMAGES)
        assert ran.exists()


def test_what_a_logged_models_own_description_says_is_not_followed(
    store: Store, finished: TrackedRun, tmp_path: Path
) -> None:
    folder = logged_file(tmp_path).parent
    cnn().export(str(tmp_path / "elsewhere" / "model"), verbose=False)
    description = folder.parent / "MLmodel"
    text = description.read_text()
    assert "data: data\n" in text and "save_exported_model: false" in text
    away = os.path.relpath(tmp_path / "elsewhere", folder.parent)
    text = text.replace("data: data\n", f"data: {away}\n")
    text = text.replace("save_exported_model: false", "save_exported_model: true")
    description.write_text(text)
    assert isinstance(load_model(store, finished.run_id), keras.Model)


def test_a_model_of_someones_own_classes_is_refused_in_one_line(tmp_path: Path) -> None:
    class Own(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x

    images = keras.Input((16, 16, 3))
    keras.Model(images, Own()(images)).save(tmp_path / "own.keras")
    with pytest.raises(UserError, match=r"^here: its model cannot be loaded: .*'Own'") as caught:
        load_file(tmp_path / "own.keras", "here")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_the_classes_come_in_the_order_of_the_models_outputs(store: Store) -> None:
    run = started(store)
    run.log_json({"zebras": 1, "ants": 0, "bees": 2}, "classes.json")
    assert read_classes(store, run.run_id) == ("ants", "zebras", "bees")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{",
            "[1]",
            '{"a": 1}',
            '{"a": "x"}',
            '{"a": 0, "b": 0}',
            '{"a": Infinity}',
            '{"a": 1e999}',
        ),
        *('{"a": NaN}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}", "", "null", '{"a": [0]}'),
    ],
)
def test_damaged_classes_are_said(store: Store, text: str) -> None:
    run = started(store)
    run.log_text(text, "classes.json")
    with pytest.raises(UserError, match=r"^classes\.json of run \w+ was edited or is"):
        read_classes(store, run.run_id)


def test_missing_classes_are_said(store: Store) -> None:
    run = started(store)
    with pytest.raises(UserError, match=r"classes should be in .*, but classes\.json is gone"):
        read_classes(store, run.run_id)


def write_model(file: Path, edit: Callable[[str], str]) -> None:
    """A model file whose description was edited."""
    cnn().save(file)
    with zipfile.ZipFile(file) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    contents["config.json"] = edit(contents["config.json"].decode()).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, content in contents.items():
            parts.writestr(name, content)


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("[null, 16, 16, 3]", "[null, 30000, 30000, 3]"),
        ('"units": 4', '"units": 1000000000'),
        ('"filters": 4', '"filters": 1000000000'),
    ],
)
def test_a_model_that_would_fill_the_memory_is_refused_before_it_is_made(
    found: str, instead: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.keras"
    built = re.compile(r'"build_config": \{[^}]*\}')
    write_model(file, lambda text: built.sub('"build_config": {}', text).replace(found, instead))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=r"^here: its model, asked .*set HHEXP_MAX_MODEL_MB$"):
        load_file(file, "here")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 500_000  # kB


def test_a_package_that_a_model_names_is_not_imported_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = str(tmp_path / "mark")
    (tmp_path / "keras_hub.py").write_text(f"import pathlib\npathlib.Path({mark!r}).touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    write_model(
        tmp_path / "a.keras",
        lambda text: text.replace('"module": "keras.layers"', '"module": "keras_hub.layers"'),
    )
    with pytest.raises(UserError, match=r"^here: its model needs keras_hub, which a file cannot"):
        load_file(tmp_path / "a.keras", "here")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"module": 5}'])
def test_a_damaged_description_of_a_model_is_said(text: str, tmp_path: Path) -> None:
    write_model(tmp_path / "a.keras", lambda _: text)
    with pytest.raises(UserError, match=r"^here: its model (was edited|cannot be loaded)"):
        load_file(tmp_path / "a.keras", "here")

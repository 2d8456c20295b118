"""A run's provenance: what is in it, and what is never in it."""

import hashlib
import json
import platform
import secrets
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import hhexp
from hhexp.data import Dataset, FileEntry, Split
from hhexp.provenance import collect
from hhexp.provenance.environment import MEANINGS, read_variables


@pytest.fixture
def dataset() -> Dataset:
    split = Split(np.zeros((2, 4, 4, 3), np.uint8), np.array([0, 1]), ("train/a/1", "train/b/1"))
    entries = (FileEntry("train/a/1", 10, "ab" * 32), FileEntry("train/b/1", 11, "cd" * 32))
    return Dataset("tiny", ("a", "b"), split, split, "ef" * 32, entries)


def test_a_run_s_provenance_holds_what_made_it(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_hex()
    (tmp_path / "my_models.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("TF_PASSWORD", secret)
    import my_models  # type: ignore[import-not-found]

    monkeypatch.setitem(sys.modules, "my_models", my_models)
    texts = collect(modules=["my_models"], dataset=dataset, device="cpu", isa="native")
    assert {path for path in texts if not path.endswith(".patch")} == {
        f"provenance/{name}"
        for name in (
            "git.json",
            "sources.json",
            "packages.txt",
            "machine.json",
            "environment.json",
            "data.json",
        )
    }
    sources = json.loads(texts["provenance/sources.json"])
    own = Path(hhexp.__file__)
    assert sources["hhexp/__init__.py"] == hashlib.sha256(own.read_bytes()).hexdigest()
    assert sources["my_models.py"] == hashlib.sha256(b"x = 1\n").hexdigest()
    assert "hhexp/training/loop.py" in sources
    git = json.loads(texts["provenance/git.json"])
    assert git["modules"] == ["hhexp"] and git["others"][0]["modules"] == ["my_models"]
    assert f"numpy=={version('numpy')}\n" in texts["provenance/packages.txt"]
    machine = json.loads(texts["provenance/machine.json"])
    assert machine["python"] == platform.python_version()
    assert machine["device"] == "cpu"
    assert json.loads(texts["provenance/environment.json"])["TF_ENABLE_ONEDNN_OPTS"] == "1"
    data = json.loads(texts["provenance/data.json"])
    assert data["files"][1] == {"path": "train/b/1", "bytes": 11, "sha256": "cd" * 32}
    assert data["fingerprint"] == "ef" * 32 and data["counts"]["train"] == {"a": 1, "b": 1}
    assert not any(secret in text for text in texts.values())


def test_no_variable_is_logged_but_those_that_move_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = secrets.token_hex()
    for name in MEANINGS:
        monkeypatch.delenv(name, raising=False)
    for name in ("API_TOKEN", "TF_TOKEN", "ONEDNN_SECRET", "omp_num_threads", "HOME"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("TF_SET_ONEDNN_FPMATH_MODE", "BF16")  # a run starts without it
    ours = {"TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA", "KERAS_BACKEND"}
    assert set(read_variables("avx2")) == ours
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert read_variables("avx2")["OMP_NUM_THREADS"] == "3"


def test_every_variable_says_what_it_decides() -> None:
    assert all(MEANINGS.values())


def test_all_files_of_a_package_of_ones_own_are_hashed(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_package/deep").mkdir(parents=True)
    for name in ("__init__.py", "models.py", "deep/layers.py"):
        (tmp_path / "my_package" / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import my_package.models  # type: ignore[import-not-found]

    for name in ("my_package", "my_package.models"):
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    assert my_package
    texts = collect(modules=["my_package.models"], dataset=dataset, device="cpu", isa="avx2")
    sources = json.loads(texts["provenance/sources.json"])
    own = {name for name in sources if not name.startswith("hhexp/")}
    assert own == {f"my_package/{name}" for name in ("__init__.py", "deep/layers.py", "models.py")}

"""Another process reproduces a run with the code, the packages and the store that it is to have."""

import json
import os
import stat
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from hhexp.reproduction.elsewhere import Elsewhere, choose_store
from hhexp.reproduction.record import Record
from hhexp.tracking.store import Store

Make = Callable[..., Record]

PYTHON = f"""#!{sys.executable}
import importlib.util, json, os, pathlib, sys
published = pathlib.Path(sys.argv[sys.argv.index("--published") + 1])
print(json.dumps({{
    "words": [word for word in sys.argv[1:] if word != str(published)],
    "found": [str(file) for file in published.glob("*/runs/*/config.yaml")] != [],
    "path": os.environ["PYTHONPATH"].split(os.pathsep),
    "beside": os.listdir(os.environ["PYTHONPATH"].split(os.pathsep)[0]),
    "store": os.environ["MLFLOW_TRACKING_URI"],
}}))
sys.exit(3)
"""
"""In place of a Python; says what it was started with."""


@pytest.fixture
def python(tmp_path: Path) -> str:
    file = tmp_path / "python"
    file.write_text(PYTHON)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_a_run_is_reproduced_with_this_code_alone_and_another_python(
    make_record: Make,
    python: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"/own{os.pathsep}/modules")
    run = make_record(files={"packages.txt": "mlflow==3.1.0\n"})
    store = Store(f"sqlite:///{tmp_path}/mlflow.db")
    elsewhere = Elsewhere(store, ["--epochs", "1"], {run.run_id: python})
    assert elsewhere.run([run]) == 3
    told, started = capfd.readouterr().out.splitlines()
    assert told.endswith(f"logs into sqlite:///{tmp_path}/mlflow-3.1.0.db")
    said = json.loads(started)
    expected = ["-m", "hhexp.reproduce", run.run_id, "--published", "--epochs", "1"]
    assert said["words"] == expected and said["found"]
    assert said["path"][1:] == ["/own", "/modules"]
    assert said["beside"] == ["hhexp"]  # and no package of this environment
    assert said["store"] == f"sqlite:///{tmp_path}/mlflow-3.1.0.db"


@pytest.mark.parametrize(
    ("uri", "recorded", "chosen"),
    [
        ("sqlite:////a/b/mlflow.db", "3.1.0", "sqlite:////a/b/mlflow-3.1.0.db"),
        ("sqlite:///mlruns/x.db", "3.1.0", "sqlite:///mlruns/mlflow-3.1.0.db"),
        ("postgresql://p:secret@h/b", "3.1.0", "sqlite:///mlruns/mlflow-3.1.0.db"),
        ("https://team", "3.1.0", "https://team"),
        ("sqlite:///mlruns/x.db", version("mlflow"), "sqlite:///mlruns/x.db"),
        ("sqlite:///mlruns/x.db", None, "sqlite:///mlruns/x.db"),
    ],
)
def test_another_mlflow_gets_a_database_of_its_own(
    make_record: Make, uri: str, recorded: str | None, chosen: str
) -> None:
    listed = f"mlflow=={recorded}\n" if recorded else "numpy==2.1.0\n"
    run = make_record(files={"packages.txt": listed})
    assert choose_store(Store(uri), run).uri == chosen

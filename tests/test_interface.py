"""Training and asking from Python: a script, a notebook, a process that is interrupted."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import hhexp
from hhexp.errors import UserError

DOCUMENT = Path(__file__).parents[1] / "docs/python.md"

SCRIPT = """
import json, os, sys
import hhexp

before = (list(sys.argv), dict(os.environ))
results = hhexp.sweep([*sys.argv[1:], "aug=none,flip", "epochs=1"])
again = hhexp.run([*sys.argv[1:], "aug=none", "epochs=1"])
after = (list(sys.argv), dict(os.environ))
moved = {name for name in after[1] if after[1][name] != before[1].get(name)}
print(repr(results), file=sys.stderr)
print(json.dumps({
    "runs": results.run_ids, "again": again.run_ids, "sweep": results.sweep_id,
    "cells": list(results.frame()["cell"]), "failures": results.failures,
    "argv": after[0] == before[0], "moved": sorted(moved),
    "heavy": "tensorflow" in sys.modules,
}))
"""


def call(shell: Any, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a script that has no guard against being imported in the processes that it starts."""
    (shell.folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "script.py", *words],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_package_offers_its_functions_and_imports_nothing_for_them() -> None:
    code = (
        "import sys, hhexp\nfound = set(sys.modules) & {'numpy', 'yaml', 'hhexp.interface'}\n"
        "import hhexp.run\nprint(found, callable(hhexp.run), hhexp.sweep.__name__, dir(hhexp))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = "['__version__', 'analysis', 'errors', 'load', 'run', 'sweep']"
    assert done.stdout == f"set() True sweep {names}\n"
    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        hhexp.rum  # noqa: B018


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["epoch=1"], "epoch: no such key or group; nearest: epochs"),
        (["epochs=0"], "epochs=0: must be"),
        (["epochs"], "epochs: not of the form key=value"),
        (["epochs=1,2"], "in Python, call hhexp.sweep"),
        ("epochs=1", "must be a list of words"),
        ([1], "must be a list of words"),
        (None, "must be a list of words"),
        (["-m", "epochs=1"], "-m: is for the command line"),
        (["--cfg", "job"], "--cfg: is for the command line"),
        (["tracking.uri=sqlite:///a/:memory:?x", "epochs=x"], "epochs=x"),
        (["data=folder", "data.root=nowhere", "data.image_size=99"], "nowhere"),
    ],
)
def test_a_wrong_word_is_said_as_on_the_command_line(
    words: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=re.escape(said)):
        hhexp.run(words)
    assert list(tmp_path.iterdir()) == []


def test_the_model_of_no_run_is_an_error_in_one_line() -> None:
    with pytest.raises(UserError, match=r"^run_id=None: must be a run's ID, such as results\."):
        hhexp.load(None)  # type: ignore[arg-type]


def test_a_script_trains_what_the_command_then_finds(shell: Any) -> None:
    done = call(shell, SCRIPT, *shell.tiny())
    assert done.returncode == 0, done.stderr
    *progress, last = done.stdout.splitlines()
    found = json.loads(last)
    assert found["cells"] == ["aug=none", "aug=flip"]
    assert found["again"] == found["runs"][:1]
    assert (found["failures"], found["argv"], found["heavy"]) == ({}, True, False)
    assert "MLFLOW_TRACKING_URI" not in found["moved"]
    assert not [name for name in found["moved"] if name.startswith(("HHEXP", "HYDRA"))]
    assert any("FINISHED" in line for line in progress)
    assert re.search(r"aug=none +last 1", done.stderr)
    told = shell.train("-m", "aug=none,flip", "epochs=1")
    assert told.stdout.count("reused a finished run") == 2
    assert {run.run_id for run in shell.runs()} == set(found["runs"])


FAILING = """
import sys
import hhexp
try:
    hhexp.run([*sys.argv[1:], "epochs=1", "modules=[dying]", "callbacks=[die]"])
except hhexp.errors.UserError as error:
    print("UserError", error)
"""


def test_a_run_that_fails_is_an_error_in_one_line(shell: Any) -> None:
    (shell.folder / "dying.py").write_text(
        "from hhexp.config.registry import epoch_callback\n\n\n"
        "@epoch_callback\ndef die(epoch):\n    raise ValueError('no more')\n"
    )
    done = call(shell, FAILING, *shell.tiny())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("UserError FAILED")
    assert "no more" in done.stdout.splitlines()[-1]
    assert done.stderr == ""


INTERRUPTED = """
import sys
import hhexp

try:
    hhexp.run([*sys.argv[1:], "epochs=500", "state.every=1"])
except KeyboardInterrupt:
    print("interrupted", flush=True)
first = hhexp.run([*sys.argv[1:], "epochs=500", "explain=true"])
print(first.run_ids)
"""


@pytest.mark.slow
def test_ctrl_c_marks_the_run_reaches_the_program_and_the_same_call_goes_on(shell: Any) -> None:
    (shell.folder / "script.py").write_text(INTERRUPTED)
    with subprocess.Popen(
        [sys.executable, "-u", "script.py", *shell.tiny()],
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            if "epoch 3/500" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        assert (process.wait(120), process.stderr.read()) == (0, "")
    assert "\ninterrupted\n" in rest
    assert "resume" in rest.partition("\ninterrupted\n")[2]
    assert [run.status for run in shell.runs()] == ["KILLED"]


@pytest.mark.slow
def test_the_document_is_a_notebook_that_runs(new_shell: Callable[..., Any]) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    shell = new_shell()
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    Image.new("RGB", (60, 40), (120, 90, 60)).save(shell.folder / "horse.jpg")
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(block) for block in ["import tensorflow", *blocks]]
    )
    client = nbclient.NotebookClient(
        book, timeout=600, resources={"metadata": {"path": str(shell.folder)}}
    )
    client.execute(env=shell.environment)
    said = ["".join(_list_texts(cell)) for cell in book.cells]
    assert "4 of 4 runs done" in said[1] and "aug=flip epochs=2" in said[1]
    assert "\x1b" not in said[1]
    assert (shell.folder / "my_report/report.html").is_file()
    assert said[3].rstrip().endswith("True")
    assert "epoch: no such key or group; nearest: epochs" in said[-1]


def _list_texts(cell: Any) -> list[str]:
    """What a cell has shown."""
    return [
        output["text"] if output.output_type == "stream" else output["data"]["text/plain"]
        for output in cell.outputs
    ]

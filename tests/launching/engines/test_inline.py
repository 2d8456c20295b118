"""Training in the command's own process: the same numbers, and a person's debugger at work."""

import os
import signal
import sys
import time
from typing import Any

import pytest

from hhexp.config.schema import Config, Runtime
from hhexp.errors import UserError
from hhexp.experiment import Job
from hhexp.launching.engines.inline import Inline

RUNTIME = Runtime(device="cpu", threads=1, precision="float32", isa="native")
OTHER = RUNTIME.model_copy(update={"threads": 2})

BREAKPOINT = """
import sys
from hhexp.config.registry import model_builder

@model_builder
def stops(input_shape, outputs):
    import keras
    breakpoint()
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(1, activation="sigmoid", dtype="float32")])
"""


def job(key: str, runtime: Runtime) -> Job:
    """A job of which nothing but its runtime counts here."""
    return Job(key, Config.model_construct(runtime=runtime))


def test_runs_of_one_runtime_are_taken_one_at_a_time() -> None:
    assert Inline().prepare([job("a", RUNTIME), job("b", RUNTIME)]) == 1


def test_another_runtime_is_refused_also_in_a_later_batch() -> None:
    engine = Inline()
    with pytest.raises(UserError, match="the same runtime settings"):
        engine.prepare([job("a", RUNTIME), job("b", OTHER)])
    engine.prepare([job("a", RUNTIME)])
    with pytest.raises(UserError, match="the same runtime settings"):
        engine.prepare([job("b", OTHER)])


@pytest.mark.slow
def test_a_sweep_has_the_numbers_that_it_has_in_processes(new_shell: Any) -> None:
    words = ["-m", "aug=none,full", "epochs=1,2"]
    found = []
    for launcher in ("inline", "processes"):
        shell = new_shell()
        done = shell.train(*words, f"hydra/launcher={launcher}")
        assert done.returncode == 0, done.stderr
        runs = [run for run in shell.runs() if run.status == "FINISHED"]
        found.append(sorted((run.name, shell.metrics(run.run_id)) for run in runs))
    assert len(found[0]) == 4
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_breakpoint_stops_a_single_run(shell: Any) -> None:
    (shell.folder / "my_models.py").write_text(BREAKPOINT)
    (shell.folder / "my_conf/model").mkdir(parents=True)
    (shell.folder / "my_conf/model/stops.yaml").write_text("# Stops.\nbuilder: stops\n")
    words = ["--config-dir", "my_conf", "modules=[my_models]", "model=stops", "epochs=1"]
    data = ["data=folder", f"data.root={shell.pictures}", "hydra/launcher=inline"]
    done = shell.call("run", *words, *data, said="p input_shape\nc\n")
    assert "(Pdb)" in done.stdout and "(32, 32, 3)" in done.stdout
    assert done.returncode == 0, done.stderr
    assert [run.status for run in shell.runs()] == ["FINISHED"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="signals as on Linux")
def test_ctrl_c_ends_the_run_and_the_sweep(shell: Any) -> None:
    with open(shell.folder / "said.txt", "wb") as said:
        words = shell.tiny("-m", "seed=0,1", "epochs=100000", "hydra/launcher=inline")
        process = shell.start(said, "run", *words)
        deadline = time.monotonic() + 120
        while b"epoch 2/" not in (shell.folder / "said.txt").read_bytes():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(120) == 130
    assert [run.status for run in shell.runs()] == ["KILLED"]

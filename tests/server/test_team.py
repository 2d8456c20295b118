"""All that a person does, against a team's server with PostgreSQL."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow]

SWEEP = ("-m", "aug=none,flip", "seed=0,1", "epochs=2", "runtime.threads=1")


def train(shell: Any, *words: str) -> "subprocess.CompletedProcess[str]":
    return shell.train("tracking=server", f"tracking.uri={shell.uri}", *words)


def call(shell: Any, module: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return shell.call(module, *words, "--tracking-uri", shell.uri)


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    return serve("team", "--workers", "2")


@pytest.fixture(scope="module")
def swept(server: Any, new_shell: Callable[..., Any]) -> Any:
    """A folder from which a sweep of four runs was trained on the server."""
    shell = new_shell(server.uri)
    result = train(shell, *SWEEP)
    assert result.returncode == 0, result.stdout + result.stderr
    return shell


def trained(shell: Any) -> list[Any]:
    return [run for run in shell.runs() if run.kind == "run"]


def test_a_sweep_is_kept_by_the_server_alone(swept: Any, server: Any) -> None:
    runs = trained(swept)
    assert [run.status for run in runs] == ["FINISHED"] * 4
    assert len({run.parent_id for run in runs}) == 1
    for run in runs:
        assert len(swept.metrics(run.run_id)["val/accuracy"]) == 2
        assert run.artifacts.startswith("mlflow-artifacts:/")
        assert (server.artifacts / run.artifacts.partition(":/")[2] / "classes.json").is_file()
    assert os.listdir(swept.folder) == []


def test_the_same_sweep_of_a_colleague_is_answered(
    swept: Any, new_shell: Callable[..., Any]
) -> None:
    before = len(trained(swept))
    again = train(new_shell(swept.uri), *SWEEP)
    assert again.returncode == 0, again.stderr
    assert len(trained(swept)) == before


def test_a_colleagues_runs_are_continued(swept: Any, new_shell: Callable[..., Any]) -> None:
    result = train(new_shell(swept.uri), "epochs=3", "runtime.threads=1", "explain=true")
    assert result.returncode == 0, result.stderr
    assert "continue" in result.stdout


def test_a_sweep_is_reported(swept: Any, tmp_path: Path) -> None:
    sweep = trained(swept)[0].parent_id
    result = call(swept, "report", sweep, "--output", str(tmp_path / "report"))
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "report/report.html").read_text("utf-8")
    assert all(run.run_id[:8] in page for run in trained(swept))


def test_a_run_is_reproduced_to_the_bit(swept: Any) -> None:
    run = trained(swept)[0]
    result = call(swept, "reproduce", run.run_id[:12])
    assert result.returncode == 0, result.stdout + result.stderr
    assert "exact: all metrics of 2 epochs and the weights are the same" in result.stdout


def test_a_runs_model_predicts(swept: Any) -> None:
    picture = swept.pictures / "validation/suns/suns00.png"
    result = call(swept, "predict", trained(swept)[0].run_id[:12], str(picture))
    assert result.returncode == 0, result.stderr
    assert "suns00.png" in result.stdout


def test_two_runs_are_compared(swept: Any) -> None:
    first, second = trained(swept)[:2]
    result = call(swept, "diff", first.run_id, second.run_id)
    assert result.returncode == 1, result.stderr
    assert f"from {swept.uri}" in result.stdout


def test_a_browser_shows_a_run_on_the_servers_pages(
    browser: list[str], swept: Any, tmp_path: Path
) -> None:
    run = trained(swept)[0]
    experiment = swept.store.client().get_run(run.run_id).info.experiment_id
    page = f"{swept.uri}/#/experiments/{experiment}/runs/{run.run_id}"
    words = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    words += [f"--user-data-dir={tmp_path}/user", "--virtual-time-budget=30000", "--dump-dom", page]
    shown = subprocess.run(
        [*browser, *words], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert run.name in shown
    assert "val/accuracy" in shown

"""A finished run that has lost artifacts answers nothing, and each command says where they were."""

import shutil
from pathlib import Path

import pytest

from hhexp.reproduction.record import NEEDED

pytestmark = pytest.mark.slow


def test_a_run_whose_artifacts_are_gone_is_answered_by_another(shell) -> None:
    assert shell.train("epochs=1").returncode == 0
    (run,) = shell.runs()
    artifacts = Path(run.artifacts)
    (artifacts / "predictions/validation.csv").unlink()
    lost = f"run {run.run_id[:8]} has lost predictions/validation.csv, which should be in "
    told = shell.train("epochs=1", "explain=true")
    assert f"continue: from the state of run {run.run_id[:8]} after epoch 1; {lost}" in told.stdout
    assert shell.train("epochs=1").returncode == 0
    again = shell.runs()[-1]
    assert again.run_id != run.run_id
    assert shell.metrics(again.run_id) == shell.metrics(run.run_id)
    told = shell.train("epochs=1", "explain=true")
    assert f"hit: reuses the finished run {again.run_id}" in told.stdout


def test_each_command_says_what_is_gone_and_where_it_was(shell) -> None:
    assert shell.train("epochs=1").returncode == 0
    (run,) = shell.runs()
    artifacts = Path(run.artifacts)
    shutil.rmtree(artifacts.parents[1])
    picture = next(shell.pictures.rglob("*.png"))
    record = ", ".join(f"provenance/{name}" for name in NEEDED)
    for words, line in (
        (["predict", run.run_id, str(picture)], "classes.json is gone from there"),
        (["reproduce", run.run_id], f"has lost {record}, which should be in {artifacts}"),
    ):
        told = shell.call(*words)
        assert told.returncode == 2
        assert told.stderr.count("\n") == 1
        assert line in told.stderr
    assert shell.call("report", run.run_id, "--output", "page").returncode == 0
    page = (shell.folder / "page/report.md").read_text("utf-8")
    assert "No run has predictions/validation.csv" in page
    assert f"should be in {artifacts}" in page.replace("\\", "")
    assert shell.train("epochs=1").returncode == 0
    plan = shell.runs()[-1].tags["hhexp.plan"]
    assert plan.startswith("train: from scratch; ") and "is missing or damaged" in plan
    assert [each.status for each in shell.runs()] == ["FINISHED", "FINISHED"]

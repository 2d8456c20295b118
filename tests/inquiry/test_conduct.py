"""A study that answers itself, through the command, on tiny images."""

import hashlib
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hhexp.tracking.answers import read_answers
from hhexp.tracking.query import StoredRun, find_matching

LEARNS = {
    "name": "learns",
    "text": "It learns.",
    "primary": True,
    "statements": [
        {"metric": "train/loss", "statistic": "last", "cell": {"aug": "none"}}
        | {"direction": "lower", "level": 100.0}
    ],
}


def write_study(shell: Any, **changes: Any) -> Path:
    """A study of one cell in the folder's experiments/."""
    fixed = " ".join(shell.tiny("epochs=1"))
    study = {
        "title": "A study",
        "question": "Does it learn?",
        "grid": "aug=none",
        "fixed": fixed,
        "seeds": {"first": 6, "most": 8, "look_every": 2},
        "claims": [LEARNS],
    }
    file = Path(shell.folder, "experiments/mine/study.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({**study, **changes}))
    return file


def studies(shell: Any) -> list[StoredRun]:
    return find_matching(shell.store, "tags.`hhexp.kind` = 'study'")


@pytest.fixture(scope="module")
def answered(new_shell: Callable[[], Any]) -> Any:
    """A folder in which a study was explained and then answered."""
    shell = new_shell()
    file = write_study(shell)
    explained = shell.call("study", "mine", "--explain")
    assert explained.returncode == 0, explained.stderr
    done = shell.call("study", "mine")
    assert done.returncode == 0, done.stderr
    return shell, file, explained.stdout, done.stdout


def test_it_is_explained_without_training(answered: Any) -> None:
    _, _, said, _ = answered
    assert "Looks after 6, 8 seeds." in said
    assert "Primary claims: learns. Secondary: none." in said
    assert "The first look that can decide a claim is after 6 seeds." in said
    assert "6 epochs to train; how long they take is not known" in said


def test_it_stops_when_its_primary_claims_are_decided(answered: Any) -> None:
    shell, file, _, said = answered
    assert sorted(run.params["seed"] for run in shell.runs()) == ["0", "1", "2", "3", "4", "5"]
    assert "After 6 seeds:\n  learns: supported" in said
    text = (file.parent / "report/report.md").read_text()
    assert "- **supported**: It learns." in text
    assert "decided at the look after 6 seeds" in text


def test_its_run_has_the_verdicts_and_the_learning_curves(answered: Any) -> None:
    shell, _, _, _ = answered
    own = studies(shell)[0]
    assert own.tags["hhexp.verdict.on.mine.learns"] == "supported"
    links, _, rest = own.tags["mlflow.note.content"].partition("\n\n")
    assert links.startswith("[learning curves of the cells](")
    assert rest.startswith("**Does it learn?**\n\nIt learns. **supported**")
    assert "accuracy/aug_none mean of 6 seeds" in own.metrics
    experiment = shell.store.client().get_experiment(own.experiment_id)
    assert experiment.tags["mlflow.note.content"].startswith("Last study: It learns. **supported**")


def test_it_is_registered_before_its_first_run(answered: Any) -> None:
    shell, file, _, _ = answered
    (own,) = studies(shell)
    assert own.status == "FINISHED"
    assert all(own.start <= run.start for run in shell.runs())
    assert set(read_answers(own)) == {run.run_id for run in shell.runs()}
    (sweep,) = shell.children(own.run_id)
    assert {run.parent_id for run in shell.runs()} == {sweep.run_id}
    text = shell.artifact(own.run_id, "registered.json").read_bytes()
    assert own.tags["hhexp.study.sha256"] == hashlib.sha256(text).hexdigest()
    assert json.loads(text)["claims"][0]["name"] == "learns"
    report = (file.parent / "report/report.md").read_text()
    assert "before the first run, unchanged since (SHA-256 " in report


def test_how_long_it_takes_is_said_by_what_earlier_epochs_took(answered: Any) -> None:
    shell, _, _, _ = answered
    write_study(shell, seeds={"first": 8, "most": 10, "look_every": 1})
    said = shell.call("study", "mine", "--explain").stdout
    assert re.search(r"after 8 seeds: 2 epochs to train, about \d.* one after the other\.", said)
    assert "At most, until 10 seeds: about" in said
    assert len(studies(shell)) == 1


def test_a_change_is_registered_anew_and_said_and_no_run_is_trained_twice(
    answered: Any,
) -> None:
    shell, file, _, _ = answered
    before = {run.run_id for run in shell.runs()}
    stricter = {**LEARNS, "statements": [{**LEARNS["statements"][0], "level": 50.0}]}
    write_study(shell, claims=[stricter], remarks="Remarks may change.")
    explained = shell.call("study", "mine", "--explain")
    assert "Nothing is left to train." in explained.stdout
    done = shell.call("study", "mine")
    assert done.returncode == 0, done.stderr
    assert {run.run_id for run in shell.runs()} == before
    assert len(studies(shell)) == 2
    report = (file.parent / "report/report.md").read_text()
    assert "after 6 of its 6 runs had been started: claims.learns.statements.0.level" in report
    assert "100.0 → 50.0" in report


def wait_for(file: Path, text: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(1800):
        if text in file.read_text():
            return
        assert process.poll() is None, file.read_text()
        time.sleep(0.1)
    raise AssertionError(f"{text!r} never came: {file.read_text()}")


@pytest.mark.slow
def test_an_interrupted_study_goes_on_by_the_same_command(shell: Any) -> None:
    never = {**LEARNS, "statements": [{**LEARNS["statements"][0], "level": 0.0}]}
    plan = {"first": 2, "most": 3, "look_every": 1}
    fixed = " ".join(shell.tiny("epochs=150", "state.every=2"))
    write_study(shell, seeds=plan, claims=[never], fixed=fixed)
    log = shell.folder / "log.txt"
    with log.open("wb") as output:
        process = shell.start(output, "study", "mine")
        wait_for(log, "epoch 5/150", process)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert process.returncode == 130
    assert {run.status for run in shell.runs()} <= {"KILLED", "FINISHED"}
    (own,) = studies(shell)
    assert own.status == "KILLED"
    begun = {run.run_id for run in shell.runs()}
    done = shell.call("study", "mine")
    assert done.returncode == 0, done.stderr
    assert "resume: run" in done.stdout
    assert len(shell.runs()) == 3
    assert begun <= {run.run_id for run in shell.runs() if run.status == "FINISHED"}
    assert studies(shell)[0].run_id == own.run_id
    assert studies(shell)[0].status == "FINISHED"


def test_a_budget_that_is_spent_at_once_is_no_failure(shell: Any) -> None:
    write_study(shell)
    done = shell.call("study", "mine", "--budget", "0.2s")
    assert done.returncode == 0, done.stderr
    assert "The budget is spent. The same command goes on." in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "nothing: no such study (a folder with study.yaml, here or in experiments/)"),
        (["mime"], "in experiments/); nearest: mine"),
        (["mine", "--budget", "soon"], "--budget soon: must be a duration, such as 2h"),
        (["mine", "--budget", ""], "--budget : must be a duration, such as 2h"),
    ],
)
def test_mistakes_end_in_one_line_and_status_2(shell: Any, words: list[str], message: str) -> None:
    write_study(shell)
    done = shell.call("study", *words)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_a_report_that_cannot_be_written_is_said_before_anything_is_trained(shell: Any) -> None:
    (write_study(shell).parent / "report").write_text("a file")
    done = shell.call("study", "mine")
    assert done.returncode == 2
    assert "report: not a folder, so no report can be written there" in done.stderr
    assert not (shell.folder / "mlruns").exists() or studies(shell) == []


def test_a_setting_that_is_not_valid_registers_nothing(shell: Any) -> None:
    write_study(shell, fixed=" ".join(shell.tiny("epochs=0")))
    done = shell.call("study", "mine")
    assert done.returncode == 2
    assert "epochs" in done.stderr
    assert not (shell.folder / "mlruns").exists() or studies(shell) == []

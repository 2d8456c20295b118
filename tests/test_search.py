"""A search finds its best trial, is the same each time, and goes on where it was interrupted."""

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", minversion="4")

from hhexp.tracking.query import find_matching, find_runs
from hhexp.tracking.states import find_states
from hhexp.tracking.tags import KIND, tag_equals
from hhexp.tracking.trials import StoredTrial, read_trials

SEARCH = ["-m", "hydra/sweeper=search", "objective=val/loss", "state.every=1"]
RATES = "lr.value=choice(0.003,1e-30,1e38)"
"""A good rate, one that a model does not learn with, and one that makes its loss no number."""
ASKED = [*SEARCH, RATES, "epochs=3", "hydra.sweeper.startup=1", "hydra.sweeper.sampler=random",
         "hydra.sweeper.seed=3"]  # fmt: skip


def find_searches(shell: Any) -> list[Any]:
    return find_matching(shell.store, tag_equals(KIND, "sweep"))


def read_search(shell: Any) -> list[StoredTrial]:
    """The trials of the folder's one search."""
    (search,) = find_searches(shell)
    return read_trials(search)


@pytest.fixture(scope="module")
def searched(new_shell: Callable[[], Any]) -> Any:
    """A folder with a search of five trials, one at a time, and what was said of it."""
    shell = new_shell()
    told = shell.train(*ASKED, "hydra.sweeper.n_trials=5", "hydra/launcher=inline")
    assert told.returncode == 0, told.stderr
    return shell, told


@pytest.mark.slow
def test_the_best_trial_is_said_with_the_command_that_trains_it(searched: Any) -> None:
    shell, told = searched
    trials = read_search(shell)
    assert len(trials) == 5
    best = next(n for n, trial in enumerate(trials) if trial.params["lr.value"] == "0.003")
    assert trials[best].state == "complete"
    assert f"val/loss {trials[best].value:.4f} in trial {best}, run " in told.stdout
    line = next(line for line in told.stdout.splitlines() if "-m hhexp.run" in line)
    again = shell.call("run", *shlex.split(line)[3:])
    assert "reused a finished run" in again.stdout, again.stderr


@pytest.mark.slow
def test_bad_trials_are_pruned_and_diverged_ones_are_not_the_end(searched: Any) -> None:
    shell, told = searched
    by_rate = {trial.params["lr.value"]: trial for trial in read_search(shell)}
    pruned, diverged = by_rate["1e-30"], by_rate["1e+38"]
    assert (pruned.state, diverged.state) == ("pruned", "diverged")
    assert pruned.note.startswith(f"pruned after epoch {pruned.epochs}: val/loss was")
    assert diverged.note.startswith(f"diverged after epoch {diverged.epochs}: ")
    runs = find_runs(shell.store, [str(pruned.run_id), str(diverged.run_id)])
    for trial, run in zip((pruned, diverged), runs, strict=True):
        assert (run.status, run.outcome, run.tags["hhexp.stopped"]) == (
            "KILLED", "STOPPED", trial.note,
        )  # fmt: skip
        assert find_states(shell.store, run.run_id)[-1].epoch == trial.epochs
        assert len(shell.metrics(run.run_id)["val/loss"]) == trial.epochs < 3
    assert "FAILED" not in told.stdout + told.stderr


@pytest.mark.slow
def test_a_pruned_run_is_continued_by_who_asks_for_all_of_it(searched: Any) -> None:
    shell, _ = searched
    (first, *_) = [trial for trial in read_search(shell) if trial.state == "pruned"]
    told = shell.train("objective=val/loss", "state.every=1", "lr.value=1e-30", "epochs=3")
    assert f"resume: run {str(first.run_id)[:8]} continues from the state" in told.stdout
    (run,) = find_runs(shell.store, [str(first.run_id)])
    assert run.status == "FINISHED" and "hhexp.stopped" not in run.tags
    assert len(shell.metrics(run.run_id)["val/loss"]) == 3


@pytest.mark.slow
def test_the_same_command_trains_nothing_again_and_more_trials_go_on(searched: Any) -> None:
    shell, _ = searched
    before, runs = read_search(shell), len(shell.runs())
    again = shell.train(*ASKED, "hydra.sweeper.n_trials=5", "hydra/launcher=inline")
    assert again.returncode == 0, again.stderr
    assert (read_search(shell), len(shell.runs())) == (before, runs)
    assert "started" not in again.stdout and "The best of 5 trials" in again.stdout
    more = shell.train(*ASKED, "hydra.sweeper.n_trials=9", "explain=true")
    assert "in 9 trials" in more.stdout and "complete" in more.stdout
    assert read_search(shell) == before


@pytest.mark.slow
def test_the_report_of_a_search_shows_its_keys_and_what_was_pruned(
    searched: Any, tmp_path: Path
) -> None:
    shell, _ = searched
    (search,) = find_searches(shell)
    done = shell.call("report", search.run_id[:8], "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.md").read_text()
    assert "lr.value=0.003" in text
    assert "1 pruned" in text or "pruned |" in text
    assert "the best of 5 trials" in text.lower()


def wait_for(said: Path, text: str, count: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 300
    while said.read_text().count(text) < count:
        assert time.monotonic() < deadline and process.poll() is None, said.read_text()
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["inline", "processes"])
def test_a_search_that_is_killed_and_interrupted_goes_on_as_if_it_had_not_been(
    new_shell: Callable[[], Any], tmp_path: Path, launcher: str
) -> None:
    words = [*SEARCH, "lr.value=tag(log, interval(1e-4, 1e-2))", "aug=none,flip", "epochs=4",
             "hydra.sweeper.n_trials=5", "hydra.sweeper.startup=2", f"hydra/launcher={launcher}",
             "runtime.threads=64"]  # fmt: skip
    whole, broken = new_shell(), new_shell()
    assert whole.train(*words).returncode == 0
    for number, (done, sent) in enumerate([(1, signal.SIGKILL), (2, signal.SIGINT)]):
        said = tmp_path / f"said.{number}"
        with said.open("wb") as output:
            process = broken.start(output, "run", *broken.tiny(*words))
            wait_for(said, "epoch 2/4", 1 if number else done + 1, process)
            process.send_signal(sent)
            process.wait()
    last = broken.train(*words)
    assert last.returncode == 0, last.stderr
    assert [strip(trial) for trial in read_search(broken)] == [
        strip(trial) for trial in read_search(whole)
    ]
    ids = [str(trial.run_id) for trial in read_search(broken)]
    assert len(broken.runs()) == len({*ids})  # none was trained twice
    (search,) = find_searches(broken)
    assert search.status == "FINISHED"


def strip(trial: StoredTrial) -> StoredTrial:
    """A trial without its run's ID."""
    return trial.model_copy(update={"run_id": None})


def test_without_optuna_a_search_says_what_to_install(shell: Any) -> None:
    (shell.folder / "optuna.py").write_text("raise ModuleNotFoundError(name='optuna')\n")
    told = subprocess.run(
        [sys.executable, "-c", "import runpy, sys; sys.path.insert(0, ''); sys.argv = sys.argv[:1]"
         " + sys.argv[1:]; runpy.run_module('hhexp.run', run_name='__main__')",
         *shell.tiny(*ASKED)],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 2
    assert told.stderr == (
        "hhexp: hydra/sweeper=search: Optuna is not installed: pip install 'hhexp[search]'\n"
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([*SEARCH, "epochs=3"], "there is nothing to search"),
        ([*SEARCH, "lr.rate=interval(0,1)"], "lr.rate"),
        ([*SEARCH, RATES, "hydra.sweeper.n_trials=0"], "hydra.sweeper.n_trials: "),
        ([*SEARCH, "seed=0,1", "explain=true,false"], "explain: all trials of a search have"),
    ],
)
def test_a_search_that_cannot_start_says_why_in_one_line(
    shell: Any, words: list[str], problem: str
) -> None:
    told = shell.train(*words)
    assert told.returncode == 2
    assert told.stderr.startswith("hhexp: ") and problem in told.stderr
    assert told.stderr.count("\n") == 1
    assert not (shell.folder / "mlruns").exists()


def test_the_option_that_the_page_shows_describes_a_search(shell: Any) -> None:
    page = (Path(__file__).parents[1] / "docs/search.md").read_text("utf-8")
    (option,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    folder = shell.folder / "my_conf/hydra/sweeper"
    folder.mkdir(parents=True)
    (folder / "rates.yaml").write_text(option)
    words = ["-m", "--config-dir", "my_conf", "hydra/sweeper=rates", "epochs=5", "explain=true"]
    told = shell.train(*words)
    assert told.returncode == 0, told.stderr
    assert "a search for high val/accuracy in 20 trials, drawn by tpe with seed 0" in told.stdout


def test_a_setting_that_is_not_valid_is_refused_in_one_line(shell: Any) -> None:
    done = shell.train(*SEARCH, "hydra.sweeper.sampler=grid")
    assert done.returncode == 2
    assert done.stderr == "hhexp: hydra.sweeper.sampler: must be 'tpe' or 'random'\n"

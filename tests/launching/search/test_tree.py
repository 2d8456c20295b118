"""An engine takes trials as long as there are some; whatever becomes of one, the search goes on."""

import math
from typing import Any

import pytest

pytest.importorskip("optuna", minversion="4")

from hhexp.config.schema import Config, Runtime
from hhexp.display.events import Event, Question, RunChosen, RunEnded
from hhexp.errors import UserError
from hhexp.experiment import Job
from hhexp.launching.search.account import count_trials, list_outcomes
from hhexp.launching.search.settings import Settings
from hhexp.launching.search.space import read_space
from hhexp.launching.search.tree import SearchTree
from hhexp.launching.search.trials import Asked, Trials
from hhexp.tracking.trials import StoredTrial

RUNTIME = Runtime(device="cpu", threads=1, precision="float32", isa="native")
EPOCHS = 3


class Search:
    """A search whose runs are told what they come to."""

    def __init__(self, word: str = "lr.value=interval(0.0,1.0)", count: int = 4) -> None:
        asked = {"n_trials": count, "sampler": "random", "seed": 0, "pruner": "median"}
        settings = Settings.check({**asked, "startup": 1, "warmup": 1})
        self.trials = Trials(read_space({}, [word]), settings, "val/accuracy")
        self.heard: list[Event] = []
        self.kept: list[tuple[int, str]] = []
        self.tree = SearchTree(self.trials, count, self.make_job, self.keep, self.heard.append)

    def make_job(self, asked: Asked, key: str) -> Job:
        if asked.params.get("aug") == "wrong":
            raise UserError("aug=wrong: no such option")
        return Job(key, Config.model_construct(runtime=RUNTIME, epochs=EPOCHS), judged=True)

    def keep(self, number: int, trial: StoredTrial) -> None:
        self.kept.append((number, trial.state))

    def take(self) -> Job:
        job = self.tree.take()
        assert job is not None
        return job

    def end(self, job: Job, status: str, last: float | None = None, run_id: str = "a run") -> None:
        self.tree.hear(RunEnded(job.key, run_id, status, "a note", last))

    def train(self, job: Job, *values: float, loss: float = 0.5) -> str:
        """Train a job's epochs, as far as the search lets it."""
        diverged = "" if math.isfinite(loss) else "train/loss"
        status = "FINISHED"
        for epoch in range(1, len(values) + 1):
            ended = epoch == len(values)
            said = self.tree.judge(Question(job.key, values[:epoch], diverged, ended))
            if said and not ended:
                status = "STOPPED"
                break
        self.end(job, status, values[-1])
        return self.trials.trials[-1].state


def test_as_many_trials_as_were_asked_for_are_taken_and_kept() -> None:
    search = Search(count=3)
    assert search.tree.demand == 3
    while job := search.tree.take():
        search.train(job, 0.5, 0.6, 0.7)
    assert search.tree.demand == 0
    assert search.kept == [(n, state) for n in range(3) for state in ("asked", "complete")]
    assert [trial.value for trial in search.trials.trials] == [0.7] * 3
    chosen = [event.planned for event in search.heard if isinstance(event, RunChosen)]
    assert chosen == ["trial 0", "trial 1", "trial 2"]


def test_a_bad_trial_is_pruned_and_a_diverged_or_failed_one_is_not_the_end() -> None:
    search = Search(count=5)
    assert search.train(search.take(), 0.5, 0.6, 0.7) == "complete"
    assert search.train(search.take(), 0.1, 0.1, 0.1) == "pruned"
    assert search.train(search.take(), 0.5, 0.5, 0.5, loss=math.nan) == "diverged"
    search.end(search.take(), "FAILED")
    assert search.train(search.take(), 0.5, 0.6, math.nan) == "diverged"
    assert [trial.epochs for trial in search.trials.trials] == [3, 1, 1, 0, 3]
    assert count_trials(search.trials) == "1 complete, 1 pruned, 2 diverged, 1 failed"
    assert [each.failed for each in list_outcomes(search.trials)] == [False] * 3 + [True, False]
    assert search.trials.find_best() == 0


def test_a_run_that_one_epoch_has_made_diverge_is_no_best_one() -> None:
    search = Search(count=1)
    assert search.train(search.take(), 0.9, loss=math.inf) == "diverged"
    assert search.trials.find_best() is None


def test_a_run_that_was_trained_before_tells_its_epochs_too() -> None:
    search = Search(count=2)
    job = search.take()
    assert search.tree.judge(Question(job.key, (0.1, 0.2, 0.3), ended=True)) == ""
    search.end(job, "FINISHED", 0.3)
    search.end(search.take(), "FINISHED", 0.3)
    trials = search.trials.trials
    assert [(trial.state, trial.value, trial.epochs) for trial in trials] == [
        ("complete", 0.3, 3), ("failed", None, 0),
    ]  # fmt: skip


def test_a_value_is_known_to_the_next_trial_before_the_run_has_logged_all() -> None:
    search = Search(count=2)
    first, second = search.take(), search.take()
    search.tree.judge(Question(first.key, (0.5, 0.6, 0.7), ended=True))
    assert search.tree.judge(Question(second.key, (0.1,))).startswith("pruned after epoch 1")
    search.end(first, "FAILED")  # the disk was full
    assert search.trials.trials[0].state == "failed"


def test_a_run_that_goes_again_after_it_has_told_all_gets_the_same_answer() -> None:
    search = Search(count=2)
    search.train(search.take(), 0.5, 0.6, 0.7)
    job = search.take()
    said = search.tree.judge(Question(job.key, (0.1,)))
    assert said and search.tree.judge(Question(job.key, (0.1,))) == said


def test_an_interrupted_trial_stays_asked() -> None:
    search = Search(count=1)
    job = search.take()
    search.end(job, "KILLED")
    assert search.trials.trials[0].state == "asked" and search.kept == [(0, "asked")]
    assert search.tree.outcomes[job.key].failed


def test_values_that_make_no_configuration_fail_and_others_are_tried() -> None:
    search = Search("aug=wrong,none", count=8)
    keys = set()
    while job := search.tree.take():
        keys.add(job.key)
        search.train(job, 0.5, 0.6, 0.7)
    states = [trial.state for trial in search.trials.trials]
    assert {*states} == {"complete", "failed"} and len(states) == 8
    assert len(keys) == states.count("complete")  # also where trials have the same values
    failed = next(event for event in search.heard if isinstance(event, RunEnded))
    assert failed.note == "aug=wrong: no such option"


def test_a_job_that_is_put_back_is_taken_again() -> None:
    search = Search(count=1)
    job = search.take()
    search.tree.put_back(job)
    assert search.tree.demand == 1 and search.tree.take() is job
    assert search.tree.take() is None


def test_a_search_that_is_stopped_asks_no_more() -> None:
    search: Any = Search(count=2)
    search.tree.stop()
    assert search.tree.take() is None and search.tree.demand == 0

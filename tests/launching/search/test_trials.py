"""A search finds what is good, ends early what is bad, and is the same each time."""

import math
from typing import Any

import pytest

pytest.importorskip("optuna", minversion="4")

from hhexp.errors import UserError
from hhexp.launching.search.settings import Settings
from hhexp.launching.search.space import read_space
from hhexp.launching.search.trials import Trials

SPACE = read_space({}, ["lr.value=tag(log, interval(1e-5, 1e-1))", "aug=none,flip"])
EPOCHS = 4


def settings(**given: Any) -> Settings:
    defaults = {"n_trials": 20, "sampler": "tpe", "seed": 0, "pruner": "median"}
    return Settings.check({**defaults, "startup": 3, "warmup": 1, **given})


def learn(params: dict[str, Any], epoch: int) -> float:
    """The objective after an epoch: best for a rate of 1e-3, and a little better flipped."""
    bonus = 0.1 if params["aug"] == "flip" else 0.0
    return epoch * (bonus - abs(math.log10(params["lr.value"]) + 3))


def train(trials: Trials, count: int) -> None:
    """Train so many trials, one after the other."""
    for _ in range(count):
        asked = trials.ask()
        values: list[float] = []
        said = ""
        while len(values) < EPOCHS and not said:
            values.append(learn(asked.params, len(values) + 1))
            said = trials.judge(asked.number, values, "", ended=len(values) == EPOCHS)
        trials.end(asked.number, "a run")


def search(count: int, **given: Any) -> Trials:
    trials = Trials(SPACE, settings(**given), "val/accuracy")
    train(trials, count)
    return trials


def test_the_best_trial_is_near_the_best_values_and_bad_ones_are_pruned() -> None:
    trials = search(30)
    best = trials.find_best()
    assert best is not None
    assert 3e-4 < trials.trials[best].params["lr.value"] < 3e-3
    pruned = [trial for trial in trials.trials if trial.state == "pruned"]
    assert pruned and all(trial.epochs < EPOCHS for trial in pruned)
    assert pruned[0].note.startswith(f"pruned after epoch {pruned[0].epochs}: val/accuracy was")
    assert [trial.state for trial in trials.trials[:3]] == ["complete"] * 3


def test_the_direction_follows_from_the_objective() -> None:
    low = Trials(SPACE, settings(pruner="none"), "val/loss")
    train(low, 5)
    values = [trial.value for trial in low.trials]
    assert low.minimises and low.find_best() == values.index(min(v for v in values if v))


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_search_is_repeatable_and_its_seed_moves_it(sampler: str) -> None:
    one, same, other = (search(14, sampler=sampler, seed=seed) for seed in (1, 1, 2))
    assert one.trials == same.trials
    assert one.trials != other.trials


@pytest.mark.parametrize("done", [2, 12])
def test_a_search_that_was_interrupted_goes_on_as_if_it_had_not_been(done: int) -> None:
    whole = search(16)
    before = search(done)
    interrupted = before.ask()
    after = Trials(SPACE, settings(), "val/accuracy")
    curves = [[learn(t.params, e) for e in range(1, 1 + EPOCHS)] for t in before.trials]
    after.restore(before.trials, curves)
    assert after.list_next(2) == [done, done + 1]
    train(after, 16 - done)
    assert after.trials == whole.trials
    assert after.trials[done].params == interrupted.params


def test_drawn_numbers_are_short_enough_to_type() -> None:
    for trial in search(20).trials:
        rate = trial.params["lr.value"]
        assert float(f"{rate:.4g}") == rate


def test_a_loss_that_is_no_number_ends_a_trial_and_not_the_search() -> None:
    trials = Trials(SPACE, settings(), "val/accuracy")
    asked = trials.ask()
    said = trials.judge(asked.number, [0.5, 0.5], "train/loss", ended=False)
    assert said == "diverged after epoch 2: train/loss is not a finite number"
    trials.end(asked.number, "a run")
    assert (trials.trials[0].state, trials.trials[0].note) == ("diverged", said)
    train(trials, 3)
    assert trials.find_best() in (1, 2, 3)
    assert trials.ended == 4


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"n_trials": 0}, "hydra.sweeper.n_trials: "),
        ({"n_trials": "many"}, "hydra.sweeper.n_trials: must be a whole number"),
        ({"sampler": "grid"}, "^hydra.sweeper.sampler: must be 'tpe' or 'random'$"),
        ({"pruner": "hyperband"}, "hydra.sweeper.pruner: "),
        ({"warmup": 0}, "hydra.sweeper.warmup: "),
    ],
)
def test_a_wrong_setting_is_refused_with_its_key(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        settings(**given)

"""How a trial's values are drawn: from the seed, the trial's number, and the trials known then."""

import math
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

DIGITS = 4
"""Significant digits of a value that is drawn from an interval: people type it again."""


class SeededSampler(BaseSampler):
    """One of Optuna's samplers, made anew for each trial.

    It has no state, so a search that was interrupted draws what it would have drawn anyway.
    """

    def __init__(self, name: str, seed: int) -> None:
        """Draw by ``tpe`` or ``random``."""
        self._name, self._seed = name, seed
        self._sampler: BaseSampler = RandomSampler()

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Make the trial's sampler."""
        (seed,) = np.random.SeedSequence((self._seed, trial.number)).generate_state(1)
        if self._name == "tpe":
            # Trials in training count as bad ones, so that not all draw the same.
            self._sampler = TPESampler(seed=int(seed), constant_liar=True)
        else:
            self._sampler = RandomSampler(seed=int(seed))

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The keys that are drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw these keys."""
        drawn = self._sampler.sample_relative(study, trial, search_space)
        return {key: _round(value, search_space[key]) for key, value in drawn.items()}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one key."""
        drawn = self._sampler.sample_independent(study, trial, param_name, param_distribution)
        return _round(drawn, param_distribution)


def _round(value: Any, distribution: BaseDistribution) -> Any:
    """A number from an interval with few digits, still within it; other values as they are."""
    if not isinstance(distribution, FloatDistribution) or distribution.step is not None:
        return value
    rounded = float(f"{value:.{DIGITS}g}")
    inside = distribution.low <= rounded <= distribution.high
    return rounded if inside and math.isfinite(rounded) else value

"""How far a reproduction's last metrics may be off where its bits are not those on record.

The rule raises a false alarm in at most 5 % of honest reproductions, over all metrics together, if
the seeds spread as the flagship's do after 30 epochs; in up to 11 % where one of ten seeds stands
far apart, as after 15: no rule knows of a rare run that no other seed has shown.
Other bits make another run: of an honest reproduction the recorded value x and the found value y
are two draws from one distribution, so that their difference has twice its variance. With the
deviation s of n further draws, the same run with other seeds and without the recorded one,
(y − x) / (s · √2) follows Student's t-distribution with n − 1 degrees of freedom, so that
|y − x| ≤ t · s · √2 is a prediction interval (G. J. Hahn, A prediction interval on the difference
between two future sample means, Technometrics 19, 1977, with samples of one).

The recorded value is not one of the n: it is what is tested. An interval around the mean of all
seeds, t · s · √(1 + 1/n), finds a reproduction that is off sooner, but a recorded value that nobody
can reach only in 1 % of the cases.

For m metrics t is the quantile 1 − 0.05 / 2m (Bonferroni): valid whatever their dependence, and
conservative for metrics as dependent as these. Losses are compared by their square roots. They are
skewed, and their deviation grows with their mean, which the root evens out (M. S. Bartlett, The
square root transformation in analysis of variance, J. R. Stat. Soc. Suppl. 3, 1936).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hhexp.reproduction.history import is_counted, is_loss
from hhexp.training.state import PastEpoch

CONFIDENCE = 0.95
"""How often an honest reproduction is inside with all its metrics, at least."""
LEAST_SEEDS = 4
"""Other seeds that a prediction interval needs. With six metrics t · √2 is 15 for three of them,
8.8 for four, 6.9 for five, 4.8 for ten. On the study's runs a reproduction that is off by five
deviations is found in 26 to 37 % of cases with three, 42 to 58 % with four, 57 to 74 % with five,
83 to 95 % with ten; with two, recalls in whole images raise up to 15 % false alarms."""

SHARE_TOLERANCE = 0.05
"""For accuracy and recall, absolute, where there are too few seeds: thirteen of the study's 256
validation images. The rate of false alarms of these two is not known."""
LOSS_TOLERANCE = 0.5
"""For losses, in nats, where there are too few seeds."""

IMAGES_FLOOR = 2
"""No fewer images may be answered otherwise, though all seeds agree: a recall of 1.0 with each of
four seeds may be 0.98 with the next."""
LOSS_FLOOR = 0.01
"""The same for losses, in nats: a training loss of 1e-8 and one of 1e-5 are both nothing."""
UNKNOWN_IMAGES = 100
"""How many images a share is taken to be of, where the record does not say."""

Counts = Mapping[str, Mapping[str, int]]
"""Images by split and class, as ``data.json`` has them."""


@dataclass(frozen=True)
class Tolerance:
    """Where the last epoch's metrics must lie, unless they came back exactly."""

    rule: str
    """What the intervals are, in words: the metrics must be inside of it."""
    intervals: Mapping[str, tuple[float, float]]
    """From each measured metric to its lowest and its highest value."""

    def has_inside(self, metric: str, recorded: float, found: float) -> bool:
        """Whether a metric is near enough; NaN never is."""
        if metric not in self.intervals:  # set and not measured, such as lr
            return math.isclose(recorded, found, rel_tol=1e-6)
        low, high = self.intervals[metric]
        return low <= found <= high


def derive_tolerance(recorded: PastEpoch, seeds: Sequence[PastEpoch], counts: Counts) -> Tolerance:
    """The prediction interval of each metric; the default tolerance where seeds are too few.

    A seed's NaN or infinite value is left out, as it says nothing of the spread.

    Args:
        recorded: the epoch on record.
        seeds: the same epoch of the same run with other seeds.
        counts: the numbers of images.
    """
    names = list(filter(_is_measured, recorded.metrics))
    intervals, lacking = {}, []
    for name in names:
        value = recorded.metrics[name]
        others = [each.metrics.get(name, math.nan) for each in seeds]
        finite = np.array([other for other in others if math.isfinite(other)])
        if len(finite) >= LEAST_SEEDS:
            low, high = map(float, predict(name, np.float64(value), finite, len(names)))
        else:
            lacking.append(name)
            slack = LOSS_TOLERANCE if is_loss(name) else SHARE_TOLERANCE
            low, high = value - slack, value + slack
        floor = find_floor(name, counts)
        intervals[name] = min(low, value - floor), max(high, value + floor)
    return Tolerance(_describe_rule(len(seeds), names, lacking), intervals)


def accept(recorded: PastEpoch, slack: float) -> Tolerance:
    """The tolerance that a person asks for: so much for every metric."""
    values = ((name, recorded.metrics[name]) for name in recorded.metrics if _is_measured(name))
    intervals = {name: (value - slack, value + slack) for name, value in values}
    return Tolerance(f"the given tolerance of {slack:g}", intervals)


def predict(
    metric: str, recorded: "np.ndarray[Any, Any] | np.float64", seeds: np.ndarray, metrics: int
) -> tuple[Any, Any]:
    """The prediction interval of a reproduction's value, as this module's docstring derives it.

    Args:
        metric: its name.
        recorded: the value on record, or many [...].
        seeds: the values of other seeds [..., n].
        metrics: how many metrics are compared together.

    Returns:
        the lowest and the highest value, shaped like ``recorded``.
    """
    from scipy.stats import t

    quantile = t.ppf(1 - (1 - CONFIDENCE) / (2 * metrics), seeds.shape[-1] - 1)
    if not is_loss(metric):
        half = quantile * math.sqrt(2) * seeds.std(axis=-1, ddof=1)
        return recorded - half, recorded + half
    half = quantile * math.sqrt(2) * _root(seeds).std(axis=-1, ddof=1)
    return _square(_root(recorded) - half), _square(_root(recorded) + half)


def find_floor(metric: str, counts: Counts) -> float:
    """The least tolerance of a metric."""
    if is_loss(metric):
        return LOSS_FLOOR
    split, _, what = metric.partition("/")
    by_class = counts.get("validation" if split == "val" else split, {})
    kind, _, name = what.partition("/")
    images = by_class.get(name) if kind == "recall" else sum(by_class.values())
    # Half an image more, so that rounding does not decide.
    return (IMAGES_FLOOR + 0.5) / (images or UNKNOWN_IMAGES)


def _describe_rule(seeds: int, names: Sequence[str], lacking: Sequence[str]) -> str:
    if len(lacking) == len(names):
        return f"the default tolerances, as there are fewer than {LEAST_SEEDS} other seeds"
    rule = f"the {CONFIDENCE:.0%} prediction interval of {seeds} other seeds".replace("%", " %")
    if lacking:
        few = f"finite with fewer than {LEAST_SEEDS} of them"
        rule += f" (for {', '.join(lacking)}, {few}, the default tolerance)"
    return rule


def _is_measured(metric: str) -> bool:
    return is_counted(metric) and metric != "lr"


def _root(values: Any) -> Any:
    return np.sign(values) * np.sqrt(np.abs(values))


def _square(values: Any) -> Any:
    return np.sign(values) * np.square(values)

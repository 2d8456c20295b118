"""Whether the numbers came back: a run's record against its reproduction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hhexp.training.state import PastEpoch

EXACT, WITHIN, DIVERGED = "exact", "within tolerance", "diverged"
STATUSES = {EXACT: 0, WITHIN: 3, DIVERGED: 4}
"""Exit statuses."""

SHARE_TOLERANCE = 0.05
"""For accuracy and recall, absolute, where the store has no other seeds: thirteen of the study's
256 validation images. Other bits make another run, so that less cannot be asked of it."""
LOSS_TOLERANCE = 0.5
"""For losses, in nats, where the store has no other seeds."""

WEIGHTS = "weights"
"""In place of a metric's name where the hashes of the weights differ."""
ABSENT = "not there"
"""In place of the value of a metric that only one of the two runs has."""

UNCOUNTED = ("time/", "perf/")
"""Metrics that say how fast a run was, and not what it learned."""


@dataclass(frozen=True)
class Deviation:
    """A number that did not come back."""

    epoch: int
    metric: str
    """A metric's name, or ``WEIGHTS``."""
    recorded: float | str
    found: float | str

    def __str__(self) -> str:
        if isinstance(self.recorded, float) and isinstance(self.found, float):
            change = f"{self.recorded!r} → {self.found!r} (by {self.found - self.recorded:+.3g})"
        else:
            change = f"{_shorten(self.recorded)} → {_shorten(self.found)}"
        return f"epoch {self.epoch}, {self.metric}: {change}"


@dataclass(frozen=True)
class Verdict:
    """What came of a reproduction."""

    kind: str
    """exact, within tolerance or diverged."""
    epochs: int
    """How many epochs were compared."""
    first: Deviation | None
    """The first number that differs, in order of epochs; None where all are the same."""
    beyond: tuple[Deviation, ...]
    """The last epoch's metrics that lie outside their tolerance, or that only one run has."""

    @property
    def status(self) -> int:
        """The exit status."""
        return STATUSES[self.kind]

    def __str__(self) -> str:
        if self.first is None:
            return f"{self.kind}: all metrics of {self.epochs} epochs and the weights are the same"
        said = f"{self.kind}: the first difference is in {self.first}"
        if self.beyond:
            said += "; outside the tolerance: " + "; ".join(map(str, self.beyond))
        return said


def compare_histories(
    recorded: Sequence[PastEpoch], found: Sequence[PastEpoch], tolerances: Mapping[str, float]
) -> Verdict:
    """Compare epoch by epoch.

    Args:
        recorded: those on record; the first so many, where no more were to be trained again.
        found: as many, of the reproduction.
        tolerances: how far the last epoch's metrics may be off; others as ``tolerance`` says.

    Raises:
        ValueError: one of them has more epochs than the other.
    """
    pairs = list(zip(recorded, found, strict=True))
    first = next(
        (
            deviation
            for number, (then, now) in enumerate(pairs, start=1)
            for deviation in _find_deviations(number, then, now)
        ),
        None,
    )
    if first is None:
        return Verdict(EXACT, len(pairs), None, ())
    beyond = tuple(
        deviation
        for deviation in _find_deviations(len(pairs), *pairs[-1])
        if _is_outside(deviation, tolerances)
    )
    return Verdict(DIVERGED if beyond else WITHIN, len(pairs), first, beyond)


def default_tolerance(metric: str) -> float:
    """How far a metric may be off where nothing is known of its spread."""
    return LOSS_TOLERANCE if metric.endswith("loss") else SHARE_TOLERANCE


def find_ranges(runs: Sequence[PastEpoch]) -> dict[str, float]:
    """For each metric the range of its values over runs of other seeds; of two at least."""
    if len(runs) < 2:
        return {}
    return {
        name: max(run.metrics[name] for run in runs) - min(run.metrics[name] for run in runs)
        for name in runs[0].metrics
        if all(name in run.metrics for run in runs)
    }


def _find_deviations(number: int, then: PastEpoch, now: PastEpoch) -> list[Deviation]:
    """All that differs in an epoch; of metrics, those that either of the runs has."""
    found = []
    for name in dict.fromkeys([*then.metrics, *now.metrics]):
        before, after = then.metrics.get(name, ABSENT), now.metrics.get(name, ABSENT)
        if not name.startswith(UNCOUNTED) and not _is_same(before, after):
            found.append(Deviation(number, name, before, after))
    if then.weights != now.weights:
        found.append(Deviation(number, WEIGHTS, then.weights, now.weights))
    return found


def _is_same(one: float | str, other: float | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return False  # only one of them is there
    return one == other or (math.isnan(one) and math.isnan(other))


def _is_outside(deviation: Deviation, tolerances: Mapping[str, float]) -> bool:
    """Whether a metric is off by more than its tolerance; for weights there is none."""
    metric, then, now = deviation.metric, deviation.recorded, deviation.found
    if isinstance(then, str) or isinstance(now, str):
        return metric != WEIGHTS
    # not <=, so that NaN lies outside
    return not abs(now - then) <= tolerances.get(metric, default_tolerance(metric))


def _shorten(value: float | str) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 12 else text

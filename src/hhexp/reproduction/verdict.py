"""Whether the numbers came back: a run's record against its reproduction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.reproduction.history import is_counted
from hhexp.reproduction.tolerance import Tolerance
from hhexp.training.state import PastEpoch

EXACT, WITHIN, DIVERGED = "exact", "within tolerance", "diverged"
STATUSES = {EXACT: 0, WITHIN: 3, DIVERGED: 4}
"""Exit statuses."""
DOUBTFUL = 5
"""Exit status where parts of the record disagree: a verdict by one part is not about the others."""

WEIGHTS = "weights"
"""In place of a metric's name where the hashes of the weights differ."""
END = "end of the training"
"""The same where all epochs that both have are equal, and one run has more."""
ABSENT = "not there"
"""In place of the value of a metric that only one of the two runs has."""


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
    tolerance: Tolerance
    doubts: tuple[str, ...] = ()
    """What speaks against the record that was compared."""

    @property
    def status(self) -> int:
        """The exit status."""
        return DOUBTFUL if self.doubts else STATUSES[self.kind]

    @property
    def label(self) -> str:
        """The verdict in a few words."""
        return f"{self.kind}, but the record is doubtful" if self.doubts else self.kind

    def __str__(self) -> str:
        said = f"{self.label}: {self._say_what_came_back()}"
        return "; ".join([said, *self.doubts])

    def _say_what_came_back(self) -> str:
        if self.first is None:
            return f"all metrics of {self.epochs} epochs and the weights are the same"
        said = f"the first difference is in {self.first}"
        if not self.beyond:
            return f"{said}; the last epoch is inside {self.tolerance.rule}"
        outside = "; ".join(self._say_how_far(each) for each in self.beyond)
        return f"{said}; outside {self.tolerance.rule}: {outside}"

    def _say_how_far(self, deviation: Deviation) -> str:
        interval = self.tolerance.intervals.get(deviation.metric)
        if interval is None:
            return str(deviation)
        low, high = interval
        return f"{deviation}, allowed: {low:.4g} to {high:.4g}"


def compare_histories(
    recorded: Sequence[PastEpoch], found: Sequence[PastEpoch], tolerance: Tolerance
) -> Verdict:
    """Compare epoch by epoch, those that both have: a training that stops early may stop at another
    epoch where its numbers are others.

    Args:
        recorded: those on record; the first so many, where no more were to be trained again.
        found: those of the reproduction.
        tolerance: where the last epoch's metrics must lie.
    """
    pairs = list(zip(recorded, found, strict=False))
    first = find_first_deviation(recorded, found)
    if first is None and len(recorded) == len(found):
        return Verdict(EXACT, len(pairs), None, (), tolerance)
    if first is None:
        ends = (f"epoch {len(each)}" for each in (recorded, found))
        first = Deviation(len(pairs), END, *ends)
        return Verdict(DIVERGED, len(pairs), first, (first,), tolerance)
    beyond = tuple(
        deviation
        for deviation in _find_deviations(len(pairs), *pairs[-1])
        if _is_outside(deviation, tolerance)
    )
    return Verdict(DIVERGED if beyond else WITHIN, len(pairs), first, beyond, tolerance)


def find_first_deviation(
    recorded: Sequence[PastEpoch], found: Sequence[PastEpoch]
) -> Deviation | None:
    """The first number that differs, in order of epochs; of those epochs that both have."""
    return next(
        (
            deviation
            for number, (then, now) in enumerate(zip(recorded, found, strict=False), start=1)
            for deviation in _find_deviations(number, then, now)
        ),
        None,
    )


def _find_deviations(number: int, then: PastEpoch, now: PastEpoch) -> list[Deviation]:
    """All that differs in an epoch; of metrics, those that either of the runs has."""
    found = []
    for name in dict.fromkeys([*then.metrics, *now.metrics]):
        before, after = then.metrics.get(name, ABSENT), now.metrics.get(name, ABSENT)
        if is_counted(name) and not _is_same(before, after):
            found.append(Deviation(number, name, before, after))
    if then.weights != now.weights:
        found.append(Deviation(number, WEIGHTS, then.weights, now.weights))
    return found


def _is_same(one: float | str, other: float | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return False  # only one of them is there
    return one == other or (math.isnan(one) and math.isnan(other))


def _is_outside(deviation: Deviation, tolerance: Tolerance) -> bool:
    """Whether a metric is off by more than its tolerance; for weights there is none."""
    metric, recorded, found = deviation.metric, deviation.recorded, deviation.found
    if isinstance(recorded, str) or isinstance(found, str):
        return metric != WEIGHTS
    return not tolerance.has_inside(metric, recorded, found)


def _shorten(value: float | str) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 12 else text

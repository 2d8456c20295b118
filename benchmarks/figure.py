"""One figure: a ratio in each round or repeat, its median and interval, and its target."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    what: str
    ours: str = ""
    other: str = ""
    """What ours is compared with: the yardstick, or what the note says."""
    ratios: tuple[float, ...] = ()
    """The ratio in each round or repeat; empty if it cannot be measured here."""
    target: float | None = None
    at_least: bool = True
    """Whether the ratio must be at least ``target``, or at most."""
    percent: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the median; None with fewer than six ratios.

        Its ends are two of the ratios. How many ratios lie below the true median is binomial,
        whatever their own distribution is (Conover, "Practical Nonparametric Statistics", 3rd
        edition, section 3.2). So it holds at least 95 %: 96.1 % with nine ratios.
        """
        from scipy.stats import quantile_test

        if not self.ratios:
            return None
        ends = quantile_test(self.ratios, p=0.5).confidence_interval(CONFIDENCE)
        return (float(ends.low), float(ends.high)) if ends.low <= ends.high else None

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is as good as its target; None without one of them."""
        if self.ratio is None or self.target is None:
            return None
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


def divide(upper: Sequence[float], lower: Sequence[float]) -> tuple[float, ...]:
    """The ratio in each round or repeat."""
    return tuple(a / b for a, b in zip(upper, lower, strict=True))


def format_gflops(values: Sequence[float]) -> str:
    """The median of FLOP/s."""
    return f"{statistics.median(values) / 1e9:.0f} GFLOP/s"


def format_seconds(values: Sequence[float]) -> str:
    """The median of seconds, to three digits or so."""
    seconds = statistics.median(values)
    if seconds >= 120:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def format_milliseconds(values: Sequence[float]) -> str:
    """The median of milliseconds."""
    return f"{statistics.median(values):.3g} ms"

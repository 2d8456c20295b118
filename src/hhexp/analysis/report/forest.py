"""The forest plot of a study's claims: an axis for each unit, a row for each statement.

A row's shaded side is where the claim says that the effect is. The thick bar is the interval over
the seeds, the thin line the one over seeds and images.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.analysis.claims import ClaimVerdict, StatementVerdict
from hhexp.analysis.contrasts import bound
from hhexp.analysis.report import numbers
from hhexp.analysis.statistics import Interval

TICKS = 5
"""At most so many on an axis."""
WRAP = 52
"""Letters of a figure's line."""
FAR = 1.5
"""An interval may be so many times as wide as all means and bounds; what is beyond is cut."""


@dataclass(frozen=True)
class Bar:
    """An interval on an axis, in % of its width."""

    low: float
    high: float
    cut_low: bool
    cut_high: bool


@dataclass(frozen=True)
class Row:
    """A statement."""

    claim: ClaimVerdict
    statement: StatementVerdict
    is_first: bool
    """Whether it is the first of its claim here."""
    mean: float | None
    """In % of the axis; None where it was not measured."""
    bounds: tuple[float, ...]
    """Where the claim begins to hold, or to hold no more."""
    claimed: tuple[float, float]
    """The ends of what is claimed."""
    seeds: Bar | None
    images: Bar | None

    @property
    def word(self) -> str:
        """The verdict: the claim's where it has one statement."""
        return self.claim.word if self.stands_alone else self.statement.word

    @property
    def shown_word(self) -> str:
        """The verdict as a reader sees it; of one seed none is expected."""
        if self.word != "undecided":
            return self.word
        return numbers.name_verdict(self.claim) if self.statement.effect.count != 1 else ""

    @property
    def stands_alone(self) -> bool:
        """Whether the claim has no other statement."""
        return len(self.claim.statements) == 1

    @property
    def title(self) -> str:
        """The claim, once."""
        return self.claim.claim.text.strip() if self.is_first else ""

    @property
    def detail(self) -> str:
        """Which of a claim's statements it is."""
        return "" if self.stands_alone else numbers.describe_statement(self.statement.statement)

    @property
    def effect(self) -> str:
        """What was measured."""
        effect = self.statement.effect
        if not effect.count:
            return "not measured"
        return numbers.format_effect(self.statement.statement, effect)

    @property
    def facts(self) -> str:
        """What stands beside it: over images too, what is claimed, how many seeds."""
        asked, count = self.statement.statement, self.statement.effect.count
        facts = []
        if interval := self.statement.on_any_images:
            half = numbers.format_number(interval.half, asked.metric, asked.statistic)
            facts.append(f"± {half} on any images")
        facts.append(f"claimed {numbers.describe_bound(asked)}")
        facts.append(f"{count} seed{'' if count == 1 else 's'}")
        return "; ".join(facts)

    @property
    def fact_lines(self) -> list[str]:
        """The facts, as lines of a figure."""
        return textwrap.wrap(self.facts, WRAP - 14)

    @property
    def lines(self) -> list[str]:
        """Title and detail, as lines of a figure."""
        return [*textwrap.wrap(self.title, WRAP), *textwrap.wrap(self.detail, WRAP + 6)]

    @property
    def title_lines(self) -> int:
        """How many of the lines are the title's."""
        return len(textwrap.wrap(self.title, WRAP))

    @property
    def height(self) -> int:
        """In a figure, in pixels."""
        return max(52, 15 * len(self.lines) + 12)


@dataclass(frozen=True)
class Axis:
    """The rows of one unit."""

    title: str
    ticks: list[tuple[float, str]]
    """Places in % of the width, and what stands there."""
    rows: list[Row]

    @property
    def height(self) -> int:
        """In a figure, in pixels."""
        return 24 + sum(row.height for row in self.rows) + 34


def plot_forest(verdicts: Sequence[ClaimVerdict]) -> list[Axis]:
    """The axes, that of the first primary claim first; primary claims come before the others."""
    ordered = sorted(verdicts, key=lambda verdict: not verdict.is_primary)
    groups: dict[tuple[str, float], list[tuple[ClaimVerdict, StatementVerdict]]] = {}
    for verdict in ordered:
        for each in verdict.statements:
            name, word = each.statement.metric, each.statement.statistic
            factor, _, _ = numbers.find_scale(name, word)
            is_difference = numbers.is_difference(each.statement)
            unit = numbers.name_unit(name, word, difference=is_difference)
            title = f"in {unit}" if unit else _name_bare(name)
            groups.setdefault((title, factor), []).append((verdict, each))
    return [_make_axis(title, factor, members) for (title, factor), members in groups.items()]


def _name_bare(metric: str) -> str:
    """What an axis without a unit is called."""
    return "loss" if metric.endswith("loss") else numbers.name_metric(metric)


def _make_axis(
    title: str, factor: float, members: Sequence[tuple[ClaimVerdict, StatementVerdict]]
) -> Axis:
    from matplotlib.ticker import MaxNLocator

    low, high = _find_ends([each for _, each in members])
    steps = MaxNLocator(TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(low * factor, high * factor)

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    def lay(interval: Interval | None) -> Bar | None:
        if interval is None or interval.count < 2:
            return None
        ends = place(max(interval.low, low)), place(min(interval.high, high))
        return Bar(*ends, interval.low < low, interval.high > high)

    rows = []
    for number, (claim, each) in enumerate(members):
        edge, effect = bound(each.statement), each.effect
        sides = {"higher": (edge, high), "lower": (low, edge), "within": (-edge, edge)}
        start, end = sides[each.statement.direction]
        ends = (start, end) if each.statement.direction == "within" else (edge,)
        rows.append(
            Row(
                claim,
                each,
                number == 0 or members[number - 1][0] is not claim,
                place(effect.mean) if effect.count else None,
                tuple(place(end) for end in ends),
                (place(max(start, low)), place(min(end, high))),
                lay(effect),
                lay(each.on_any_images),
            )
        )
    spacing = steps[1] - steps[0]
    ticks = [
        (place(step / factor), f"{round(step, 6) + 0.0:g}".replace("-", numbers.MINUS))
        for step in steps
        if low * factor - spacing * 1e-6 <= step <= high * factor + spacing * 1e-6
    ]
    return Axis(title, ticks, rows)


def _find_ends(members: Sequence[StatementVerdict]) -> tuple[float, float]:
    """The ends of an axis: all means and bounds, and of the intervals what is not far beyond."""
    points, ends = [], []
    for each in members:
        edge = bound(each.statement)
        points += [edge, -edge] if each.statement.direction == "within" else [edge]
        points += [each.effect.mean] if each.effect.count else []
        for interval in (each.effect, each.on_any_images):
            ends += [interval.low, interval.high] if interval and interval.count > 1 else []
    least, most = min(points), max(points)
    room = (most - least) or max(map(abs, ends), default=0) or 1.0
    low = max(min([least, *ends]), least - FAR * room)
    high = min(max([most, *ends]), most + FAR * room)
    margin = 0.06 * (high - low) or room
    return low - margin, high + margin

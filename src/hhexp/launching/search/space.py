"""A search space, from Hydra's overrides: ``lr.value=tag(log, interval(1e-5, 1e-2))``."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hhexp.errors import UserError
from hhexp.launching.overrides import SHARED

SAME = (*SHARED, "runtime", "objective", "reuse")
"""Keys and groups that all trials share: they make no better model, or no trials to compare."""
EXAMPLE = "'lr.value=tag(log, interval(1e-5, 1e-2))'"


@dataclass(frozen=True)
class Space:
    """What a search varies, and what not."""

    fixed: tuple[str, ...]
    """The overrides that all trials share."""
    searched: Mapping[str, BaseDistribution]
    """By their keys, the values that trials take."""

    def write_overrides(self, params: Mapping[str, Any]) -> list[str]:
        """The overrides of a trial with these values of the searched keys."""
        return [*self.fixed, *write_values(params)]


def write_values(params: Mapping[str, Any]) -> list[str]:
    """The overrides that give keys their values."""
    return [f"{key}={value}" for key, value in params.items()]


def read_space(params: Mapping[str, Any], words: Sequence[str]) -> Space:
    """The space that ``hydra.sweeper.params`` and a command line's overrides describe.

    Args:
        params: from YAML, by their keys; the command line goes before them.
        words: of the command line, without those of Hydra's own.

    Raises:
        HydraException: one cannot be read.
        UserError: one cannot be searched, or there is nothing to search.
    """
    given = {each.get_key_element(): each for each in _parse(write_values(params))}
    given |= {each.get_key_element(): each for each in _parse(words)}
    searched = {key: _read_values(each) for key, each in given.items() if each.is_sweep_override()}
    for key in searched:
        if key.lstrip("+").partition(".")[0] in SAME:
            raise UserError(f"{key}: all trials of a search have the same: give it one value")
    if not searched:
        raise UserError(
            f"hydra/sweeper=search: there is nothing to search: give a key a range, as {EXAMPLE}"
        )
    fixed = (str(each.input_line) for key, each in given.items() if key not in searched)
    return Space(tuple(fixed), searched)


def _parse(words: Iterable[str]) -> list[Override]:
    return OverridesParser.create().parse_overrides(list(words))


def _read_values(override: Override) -> BaseDistribution:
    value: Any = override.value()
    try:
        match value:
            case IntervalSweep():
                return _read_interval(value.start, value.end, log="log" in value.tags)
            case RangeSweep():
                return _read_range(value)
            case Glob():
                raise ValueError("name the options, as in choice(none, full)")
            case _:
                return CategoricalDistribution(
                    list(dict.fromkeys(override.sweep_string_iterator()))
                )
    except (ValueError, ArithmeticError, HydraException) as error:
        raise UserError(f"{override.input_line}: {error}") from error


def _read_interval(low: Any, high: Any, *, log: bool) -> BaseDistribution:
    """Both ends are among the values."""
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _read_range(value: RangeSweep) -> BaseDistribution:
    """The values that Hydra would list, of which the end is none."""
    parts = value.start, value.stop, value.step
    start, stop, step = (Decimal(str(part)) for part in parts)
    count = math.ceil((stop - start) / step)
    if count < 1:
        raise ValueError("has no values")
    low, high = sorted((start, start + (count - 1) * step))
    log = "log" in value.tags
    if all(isinstance(part, int) for part in parts):
        return IntDistribution(int(low), int(high), log=log, step=abs(int(step)))
    if log:
        raise ValueError("a logarithmic range has no steps: use interval")
    return FloatDistribution(float(low), float(high), step=abs(float(step)))

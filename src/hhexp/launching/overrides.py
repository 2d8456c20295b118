"""A command line's overrides, as Hydra's grammar reads them, before anything is made of them."""

import math
from collections.abc import Iterable, Sequence
from itertools import islice

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, RangeSweep, Transformer
from hydra.errors import HydraException

from hhexp.config.catalogue import Catalogue
from hhexp.errors import UserError
from hhexp.limits import RUNS

SHARED = ("explain", "tracking")
"""Keys and groups that are of a command and move no run: one answer would serve all values."""
SHOWN = 100
"""Letters of overrides that a message repeats."""


def read_overrides(words: Sequence[str]) -> dict[str, list[str]]:
    """The values of each key: ``aug=none,full`` has two for ``aug``.

    Raises:
        UserError: one is not an override, or is a search space and not a list of values; one has
            no values, or there are too many combinations.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(words))
        values = {str(each.key_or_group): _list_values(each) for each in parsed}
    except HydraException as error:
        raise UserError(" ".join(str(error).partition("\nSee ")[0].split())) from error
    RUNS.check(math.prod(map(len, values.values())), " ".join(words)[:SHOWN])
    return values


def check_sweep(words: Sequence[str], catalogue: Catalogue) -> None:
    """Check the words of a command with ``-m`` before Hydra lists every combination.

    Words that Hydra's grammar cannot read are left to Hydra, and so is all of it where another
    sweeper takes ranges for search spaces.

    Raises:
        UserError: a key has no values, or several although all runs share it; or there are too
            many combinations.
    """
    overrides = [word for word in words if "=" in word and not word.startswith("-")]
    if any(word.startswith("hydra/sweeper=") for word in overrides):
        return
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
    except HydraException:
        return
    counts = [_count_values(each, catalogue) for each in parsed]
    RUNS.check(math.prod(counts), " ".join(overrides)[:SHOWN])


def _count_values(override: Override, catalogue: Catalogue) -> int:
    value: object = override.value()
    key = str(override.key_or_group)
    count = 1
    if isinstance(value, Glob):
        options = list(catalogue.groups.get(key, {}))
        count = len(_refuse_none(override, value.filter(options)))
    elif isinstance(value, ChoiceSweep | RangeSweep):
        count = len(_list_values(override))
    if count > 1 and key.partition(".")[0] in SHARED:
        raise UserError(
            f"{key}: all runs of a sweep have the same: give it one value, and start a command for "
            "each of the others"
        )
    return count


def _list_values(override: Override) -> list[str]:
    """The values of a key; of a long range, one more than there may be."""
    value = override.value()
    try:
        if isinstance(value, RangeSweep):  # Hydra would list all of it to shuffle it
            found: Iterable[object] = list(islice(value.range(), RUNS.most + 1))
        elif override.is_sweep_override():
            found = list(override.sweep_iterator(Transformer.encode))
        else:
            found = [override.get_value_element_as_str()]
    except (ValueError, ArithmeticError) as error:  # steps of 0, or an end that is not a number
        raise UserError(f"{override.input_line}: {error}") from error
    return _refuse_none(override, [str(each) for each in found])


def _refuse_none(override: Override, values: list[str]) -> list[str]:
    if not values:
        raise UserError(f"{override.input_line}: has no values")
    return values

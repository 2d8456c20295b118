"""A recorded configuration, taken up again: other people's input, which can name no code to run.

A record may say which modules a run needs, and from which addresses its data comes. Modules are
imported, and addresses are asked, only where the person who gives the command has named them on it.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hhexp.config.catalogue import read_catalogue
from hhexp.config.registry import find_module
from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.errors import UserError
from hhexp.experiment.job import check_config, read_data
from hhexp.reading import MAPPING, damaged, parse_yaml
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import DATA_FINGERPRINT

CONFIGURATION = "provenance/config.yaml"
"""The artifact with a run's configuration."""


@dataclass(frozen=True)
class Trusted:
    """What a person has named on the command line, and so trusts."""

    modules: tuple[str, ...] = ()
    """Their own modules, and the names under which installed packages offer some."""
    addresses: tuple[str, ...] = ()
    """Addresses that data may be downloaded from, besides those in hhexp's own configuration."""
    root: str | None = None
    """The folder where the data lies now; None for where a record says."""


NOTHING = Trusted()


def check_recorded(values: Mapping[str, Any], trusted: Trusted) -> Config:
    """Check a configuration from a record, of which nothing is used that was not named.

    Args:
        values: the configuration, resolved.
        trusted: what the person has named on this command line.

    Raises:
        UserError: something in it is wrong, or it needs what the person has not named.
    """
    named = [find_module(name) for name in trusted.modules]
    _refuse_unnamed_modules(values.get("modules"), [*trusted.modules, *named])
    values = copy.deepcopy({**values, "modules": named})
    if trusted.root is None:
        _refuse_unnamed_addresses(values.get("data"), trusted)
    elif isinstance(values.get("data"), dict):
        values["data"]["root"] = trusted.root
    return check_config(values)


def read_recorded_data(store: Store, run: StoredRun, trusted: Trusted) -> Dataset:
    """The data set that a run was trained on, read again.

    Raises:
        UserError: it is not on this machine, or is not what the run saw; or the record is damaged,
            or needs what the person has not named.
    """
    text = read_text(store, run.run_id, CONFIGURATION)
    if text is None:
        raise UserError(f"run {run.run_id} has no {CONFIGURATION}")
    try:
        values = MAPPING.validate_python(parse_yaml(text))
    except ValueError as error:
        raise damaged(f"{CONFIGURATION} of run {run.run_id}", error) from error
    dataset = read_data(check_recorded(values, trusted))
    if dataset.fingerprint != run.tags.get(DATA_FINGERPRINT):
        raise UserError(f"the data set {dataset.name} is not what run {run.run_id} saw")
    return dataset


def _refuse_unnamed_modules(recorded: object, named: Sequence[str]) -> None:
    if recorded is None:
        return
    if not isinstance(recorded, list) or not all(isinstance(name, str) for name in recorded):
        raise UserError("the recorded configuration: modules: must be a list of names")
    if unnamed := [name for name in recorded if name not in named]:
        raise UserError(
            f"the run used the modules {', '.join(unnamed)}: if you trust the code that has these "
            f"names here, give --modules {' '.join(unnamed)}"
        )


def _refuse_unnamed_addresses(data: object, trusted: Trusted) -> None:
    options = read_catalogue().groups["data"].values()
    own = {address for option in options for address in _find_addresses(dict(option.keys))}
    named = dict.fromkeys(_find_addresses(data))
    if unnamed := [each for each in named if each not in own and each not in trusted.addresses]:
        raise UserError(
            f"the run's data comes from {', '.join(unnamed)}: if you trust that, give --addresses "
            f"{' '.join(unnamed)}; or download it yourself, and say where it lies with --data-root"
        )


def _find_addresses(value: object) -> Iterator[str]:
    """All texts in nested values that name a place in the network."""
    if isinstance(value, str) and "://" in value:
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _find_addresses(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _find_addresses(each)

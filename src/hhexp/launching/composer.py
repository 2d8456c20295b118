"""Composes the jobs of a sweep as Hydra would, but each choice of options only once.

Hydra reads all YAML files again for every job, which takes a tenth of a second. Most jobs differ
from each other in plain values, such as ``seed=3``: these are put into what Hydra has composed.
Whatever is not as simple as that is left to Hydra.
"""

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import MISSING, DictConfig, OmegaConf, open_dict


@dataclass(frozen=True)
class Composed:
    """A composed configuration."""

    config: DictConfig | dict[str, Any]
    """Without the parts of Hydra and the engine; a dict where no value in it refers to another."""
    overrides: tuple[str, ...]
    """Those of the command line."""
    choices: dict[str, str]
    """The option taken of each group, such as aug: full."""

    def find_missing(self) -> list[str]:
        """The keys that are required and not set, sorted."""
        if isinstance(self.config, dict) and MISSING not in _list_texts(self.config):
            return []
        return sorted(OmegaConf.missing_keys(OmegaConf.create(self.config)))


class Composer:
    """Composes jobs from one command's configuration."""

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        """Compose with Hydra's loader, as for jobs of the sweep that ``master`` describes."""
        self._loader, self._master = loader, master
        self._groups = set(master.hydra.runtime.choices)
        self._bases: dict[tuple[str, ...], Composed] = {}
        self._parse = functools.cache(OverridesParser.create().parse_override)

    def compose(self, overrides: Sequence[str]) -> Composed:
        """The configuration of the job with these overrides.

        Raises:
            HydraException, OmegaConfBaseException: as Hydra does.
        """
        parsed = [self._parse(override) for override in overrides]
        plain = [override for override in parsed if self._is_plain(override)]
        options = tuple(str(each.input_line) for each in parsed if each not in plain)
        base = self._bases.get(options)
        if base is None:
            base = self._bases[options] = self._ask_hydra(options)
        values = copy.deepcopy(base.config) if isinstance(base.config, dict) else None
        if values is None or not all(_put(values, each) for each in plain):
            return self._ask_hydra(overrides)
        return Composed(values, tuple(overrides), base.choices)

    def _is_plain(self, override: Override) -> bool:
        """Whether an override gives a value that stands for itself to a key, not to a group."""
        key, value = override.key_or_group, override.value()
        if override.type is not OverrideType.CHANGE or override.package is not None:
            return False
        if "/" in key or key in self._groups or key.partition(".")[0] == "hydra":
            return False
        return _is_final(value) and not isinstance(value, dict)

    def _ask_hydra(self, overrides: Sequence[str]) -> Composed:
        config = self._loader.load_sweep_config(self._master, list(overrides))
        return take_apart(config, config.hydra)


def take_apart(config: DictConfig, hydra: DictConfig) -> Composed:
    """A configuration that Hydra has composed, and Hydra's own."""
    engine = str(hydra.launcher.get("engine"))
    overrides = leave_out([str(override) for override in hydra.overrides.task], engine)
    choices = {
        group: str(option)
        for group, option in hydra.runtime.choices.items()
        if "/" not in group and option is not None
    }
    own = config.copy()
    with open_dict(own):
        own.pop("hydra", None)
        own.pop(engine, None)  # the engine's settings are not the run's
    values: Any = OmegaConf.to_container(own)
    return Composed(values if _is_final(values) else own, tuple(overrides), choices)


def leave_out(overrides: Sequence[str], section: str) -> list[str]:
    """The overrides but for those of a section's keys, such as ``ray.address=auto``."""
    return [override for override in overrides if not override.startswith(f"{section}.")]


def _is_final(value: Any) -> bool:
    """Whether nothing in it refers to another value."""
    return not any("${" in text for text in _list_texts(value))


def _list_texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in _list_texts(each)]
    return [value] if isinstance(value, str) else []


def _put(values: dict[str, Any], override: Override) -> bool:
    """Put a value in, where there is one already that has no keys below it."""
    *parents, last = override.key_or_group.split(".")
    section: Any = values
    for parent in parents:
        section = section.get(parent) if isinstance(section, dict) else None
    if not isinstance(section, dict) or last not in section or isinstance(section[last], dict):
        return False
    section[last] = override.value()
    return True

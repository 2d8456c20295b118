"""What the conf folders offer: groups, their options, their keys, and what each is for.

It reads the YAML files' own comments, so that ``--help`` and error messages repeat them.
"""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml

from hhexp.errors import UserError
from hhexp.reading import describe, parse_yaml

NOT_A_NAME = r"null|true|false|[-+]?[\d.]+"
"""What YAML reads as something else than a text, in a pattern without regard to case."""


@dataclass(frozen=True)
class Option:
    """One option of a group: a YAML file."""

    name: str
    purpose: str
    keys: dict[str, tuple[object, str]]
    """Each key's value and the comment above it."""


@dataclass(frozen=True)
class Catalogue:
    """All that a command line may name."""

    top: Option
    groups: dict[str, dict[str, Option]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)

    def keys(self) -> list[str]:
        """Every key that may be overridden, dotted, groups included."""
        names = [*self.top.keys, *self.groups]
        for group, options in self.groups.items():
            names += sorted(
                {f"{group}.{key}" for option in options.values() for key in option.keys}
            )
        return names


def read_catalogue(further: Iterable[Traversable] = ()) -> Catalogue:
    """Read the package's conf folder and any further ones, such as ``--config-dir``'s."""
    package = files("hhexp").joinpath("conf")
    groups: dict[str, dict[str, Option]] = {}
    for folder in (package, *further):
        for group in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if not group.is_dir() or group.name == "hydra" or group.name.startswith((".", "_")):
                continue
            options = groups.setdefault(group.name, {})
            for file in sorted(group.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(".yml"):
                    raise UserError(f"{file}: must be called {file.name.removesuffix('.yml')}.yaml")
                if file.name.endswith(".yaml"):
                    option = _read_option(file)
                    options[option.name] = option
    primary = package.joinpath("config.yaml")
    listed = yaml.safe_load(primary.read_text("utf-8"))["defaults"]
    defaults = {
        group: option
        for entry in listed
        if isinstance(entry, dict)
        for group, option in entry.items()
        if group in groups
    }
    return Catalogue(_read_option(primary), groups, defaults)


def _read_option(file: Traversable) -> Option:
    name = file.name.removesuffix(".yaml")
    if re.fullmatch(NOT_A_NAME, name, re.IGNORECASE):
        raise UserError(f"{file}: an option's name must not be {name}: YAML reads no text in it")
    try:
        text = file.read_text("utf-8")
        values = parse_yaml(text, aliases=True) or {}
    except (OSError, ValueError) as error:
        reason = describe(error) if isinstance(error, ValueError) else error.strerror
        raise UserError(f"{file}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UserError(f"{file}: must contain keys and values, such as builder: cnn")
    comments: dict[str, str] = {}
    paragraph: list[str] = []
    purpose = ""
    for line in text.splitlines():
        if line.startswith("#"):
            paragraph.append(line.lstrip("# ").rstrip())
            continue
        if key := re.match(r"(\w+):", line):
            comments[key.group(1)] = " ".join(paragraph)
            purpose = purpose or " ".join(paragraph)
        elif not line.strip() and paragraph:
            purpose = purpose or " ".join(paragraph)
            paragraph = []
        if not line.startswith((" ", "-")):
            paragraph = []
    keys = {
        key: (value, comments.get(key, ""))
        for key, value in values.items()
        if key not in ("defaults", "hydra")
    }
    return Option(name, purpose, keys)


def write_help(catalogue: Catalogue, width: int = 100) -> str:
    """The whole text of ``--help``: usage, keys, groups and options, each with its purpose."""
    lines = [
        "hhexp.run trains a model. With -m it trains one for each combination of the values given.",
        "It saves each run in MLflow, with everything that is needed to check and repeat it.",
        "",
        "  python -m hhexp.run                                     one run with the defaults",
        "  python -m hhexp.run aug=full optimizer.rho=0.95         other options and values",
        "  python -m hhexp.run -m aug=none,full epochs=15,30       a sweep: here four runs",
        "  python -m hhexp.run --cfg job aug=full                  show the configuration",
        "  python -m hhexp.run --config-dir my_conf model=mine     use your own folder of options",
        "  python -m hhexp.run --json epochs=5                     the results as JSON, on stdout",
        "",
        "Keys (key=value; the default in brackets)",
    ]
    for key, (value, comment) in catalogue.top.keys.items():
        lines += _format_entry(f"{key} [{_format_yaml(value)}]", comment, width)
    lines += ["", "Groups (group=option; * marks the default; group.key=value sets one key)"]
    for group, options in catalogue.groups.items():
        keys = list(dict.fromkeys(key for option in options.values() for key in option.keys))
        lines += [
            "",
            *textwrap.wrap(
                f"{group}: {', '.join(keys)}", width, subsequent_indent=" " * (len(group) + 2)
            ),
        ]
        for name, option in options.items():
            mark = " *" if catalogue.defaults.get(group) == name else ""
            lines += _format_entry(name + mark, option.purpose, width)
    lines += ["", "For Hydra's own flags, such as --config-dir and --info, see --hydra-help"]
    return "\n".join(lines)


def _format_entry(name: str, text: str, width: int) -> list[str]:
    indent = " " * 30
    start = f"  {name}".ljust(len(indent) - 1) + " "
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=indent) or [start]


def _format_yaml(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()


def find_config_dirs(argv: list[str]) -> list[Path]:
    """The folders that ``--config-dir`` names on a command line."""
    folders = []
    for position, word in enumerate(argv):
        if word.startswith(("--config-dir=", "-cd=")):
            folders.append(Path(word.partition("=")[2]))
        elif word in ("--config-dir", "-cd") and position + 1 < len(argv):
            folders.append(Path(argv[position + 1]))
    return [folder for folder in folders if folder.is_dir()]

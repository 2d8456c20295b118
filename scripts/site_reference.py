"""A hook of MkDocs: the pages of the reference, made from the code whenever the site is built."""

import ast
import contextlib
import importlib
import io
import itertools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from pydantic import TypeAdapter

# They register what the options of groups name.
import hhexp.data
import hhexp.models
import hhexp.training.learning_rate
import hhexp.training.loss
import hhexp.training.optimizer
from hhexp.__main__ import COMMANDS
from hhexp.config.catalogue import Option, read_catalogue
from hhexp.config.registry import GROUPS, list_keys
from hhexp.config.schema import Config

PACKAGE = Path(hhexp.data.__file__).parents[1]
REGISTRY = "hhexp.config.registry"
PUBLIC = {
    "hhexp.interface": ("run", "sweep", "load", "TrainedRuns"),
    "hhexp.analysis": ("runs", "curves", "compare", "claims"),
    REGISTRY: (
        "model_builder",
        "data_reader",
        "optimizer_builder",
        "lr_schedule",
        "loss_function",
        "augmentation_step",
        "metric_function",
        "epoch_callback",
    ),
    "hhexp.data": ("Files", "ImageFile"),
    "hhexp.experiment.own_parts": ("EpochEnd",),
    "hhexp.errors": ("UserError",),
}
"""What a person's own code may import."""
VARIABLES = {
    "HHEXP_CACHE": "The folder of decoded images, and of what was hashed "
    "([the cache](../data.md#the-cache)).",
    "HHEXP_DATA": "A folder with the two published archives, or what is in them, for "
    "`data=horses_or_humans_published`.",
    "HHEXP_DEBUG": "`1` shows the traceback of an error.",
    "HHEXP_JOURNAL": "The folder where what is logged waits for a server that is away.",
}
"""Variables of the environment besides the limits."""
INTERNAL = {"HHEXP_HYDRA_DIR"}
"""Those that hhexp sets for itself."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    pages = {
        "commands": write_commands,
        "keys": write_keys,
        "python": write_python,
        "environment": write_environment,
        "tags": write_tags,
    }
    for name, write in pages.items():
        content = "\n".join(write())
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def write_commands() -> Iterator[str]:
    """Each command with its help, as a terminal shows it."""
    yield "# Commands\n"
    yield "`hhexp run …` and `python -m hhexp.run …` are the same; so it is with each command.\n"
    for name, purpose in COMMANDS.items():
        yield f"## {name}\n\nTo {purpose}.\n\n```text\n{read_help(name)}\n```\n"


def read_help(command: str) -> str:
    """What ``hhexp COMMAND --help`` prints."""
    main = importlib.import_module(f"hhexp.{command}").main
    shown = {"COLUMNS": "80", "NO_COLOR": "1"}
    kept = {name: os.environ.get(name) for name in shown}
    os.environ.update(shown)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
            main.__wrapped__(["--help"])  # without the signal handlers of a command
    finally:
        os.environ.update({name: value for name, value in kept.items() if value is not None})
        for name in [name for name, value in kept.items() if value is None]:
            del os.environ[name]
    return printed.getvalue().strip()


def write_keys() -> Iterator[str]:
    """Each key of the configuration: its default, type and range, and the comment in its file."""
    catalogue = read_catalogue()
    schema = Config.model_json_schema(by_alias=True)
    yield (
        "# Keys of the configuration\n\n`group=option` chooses an option of a group, "
        "`group.key=value` sets one of its keys, and `key=value` sets a key outside of groups. "
        "`python -m hhexp.run --help` shows the same in short.\n"
    )
    yield "## Outside of groups\n"
    yield from _tabulate([("", catalogue.top)], schema["properties"], schema)
    for group, options in catalogue.groups.items():
        usual = catalogue.defaults[group]
        yield f"## {group}\n\n| option | what it is |\n| --- | --- |"
        for name, option in options.items():
            mark = " (default)" if name == usual else ""
            yield f"| `{group}={name}`{mark} | {_cell(option.purpose)} |"
        yield ""
        section = _resolve(schema["properties"][group], schema)["properties"]
        ordered = sorted(options.values(), key=lambda option: option.name != usual)
        for option in ordered:
            section |= _read_arguments(group, option)
        yield from _tabulate([(f"{group}.", option) for option in ordered], section, schema)


def _read_arguments(group: str, option: Option) -> dict[str, Any]:
    """The JSON schema of each parameter of the function that an option names."""
    if group not in GROUPS:
        return {}
    registry, key = GROUPS[group]
    function = registry.functions.get(str(option.keys.get(key, ("", ""))[0]))
    keys = list_keys(function) if function else {}
    return {name: TypeAdapter(key.annotation).json_schema() for name, key in keys.items()}


def _tabulate(
    options: list[tuple[str, Option]], types: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[str]:
    """A table of the keys of options, each once, as the first option that has it gives it."""
    yield "| key | default | type | meaning |\n| --- | --- | --- | --- |"
    shown: set[str] = set()
    for prefix, option in options:
        for name, (value, _) in option.keys.items():
            if name in shown:
                continue
            shown.add(name)
            above = _find_comment(name, [option for _, option in options])
            kind = _resolve(types.get(name, {}), schema)
            if isinstance(value, dict) and "properties" in kind and value:
                for inner, default in value.items():
                    described = _describe(kind["properties"].get(inner, {}), schema)
                    key = f"{prefix}{name}.{inner}"
                    yield f"| `{key}` | {_code(default)} | {described} | {_cell(above)} |"
                    above = "see above"
            else:
                described = _describe(types.get(name, {}), schema)
                yield f"| `{prefix}{name}` | {_code(value)} | {described} | {_cell(above)} |"
    yield ""


def _find_comment(name: str, options: list[Option]) -> str:
    """The comment on a key, or on the key before it: one comment may be for several.

    A comment that only says ``as in folder`` gives way to the one that it means.
    """
    comments = []
    for option in options:
        keys = list(option.keys)
        if name in keys:
            before = reversed(keys[: keys.index(name) + 1])
            comments.append(next(filter(None, (option.keys[key][1] for key in before)), ""))
    own = [comment for comment in comments if not re.search(r"\bas in \w+\.$", comment)]
    return next(filter(None, [*own, *comments]), "")


def _describe(kind: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A type and its range in words, from a JSON schema."""
    kind = _resolve(kind, schema)
    if "anyOf" in kind:
        return ", or ".join(_describe(each, schema) for each in kind["anyOf"])
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if "const" in kind:
        return f"`{kind['const']}`"
    if kind.get("type") == "array":
        return f"list of {_describe(kind.get('items', {}), schema)}"
    names = {
        "integer": "whole number", "number": "number", "string": "text", "boolean": "true or false",
        "null": "null", "object": "keys and values",
    }  # fmt: skip
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    bounds = [f"{sign} {kind[name]:,}" for name, sign in signs.items() if name in kind]
    return ", ".join([names.get(kind.get("type", ""), "any"), *bounds])


def _resolve(kind: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema, or what it refers to."""
    reference = kind.get("$ref", "").rpartition("/")[2]
    return dict(schema["$defs"][reference] if reference else kind)


def _code(value: object) -> str:
    if value == "???":
        return "must be given"
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    shown = text.removesuffix("...\n").strip().replace("|", "\\|")
    return f"`{shown}`"


def _cell(text: str) -> str:
    """A comment as the cell of a table; only what is in backticks stays as it is."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [re.sub(r"([*_])", r"\\\1", part).replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts)


def write_python() -> Iterator[str]:
    """The public functions, whose docstrings mkdocstrings fills in."""
    yield "# Functions of Python\n\nWhat your own modules, notebooks and scripts may import.\n"
    for module, names in PUBLIC.items():
        yield f"## {module}\n"
        for name in names:
            where = getattr(getattr(importlib.import_module(module), name), "__module__", module)
            defined = where if where.startswith("hhexp.") and module != REGISTRY else module
            yield f"::: {defined}.{name}\n    options:\n      heading: {module}.{name}\n"


def write_environment() -> Iterator[str]:
    """The variables of the environment; what the code names and nothing describes is an error."""
    from hhexp import limits

    described = read_constants(PACKAGE / "limits.py")
    named = {
        name
        for file in PACKAGE.rglob("*.py")
        for name in re.findall(r"\bHHEXP_[A-Z_]*[A-Z]\b", file.read_text("utf-8"))
    }
    of_limits = {getattr(limits, name).variable: name for name in described}
    if unknown := named ^ {*VARIABLES, *INTERNAL, *of_limits}:
        raise PluginError(f"scripts/site_reference.py: describe, or forget, {sorted(unknown)}")
    yield "# Variables of the environment\n\n| variable | what it is |\n| --- | --- |"
    yield from (f"| `{name}` | {text} |" for name, text in VARIABLES.items())
    yield (
        "\nMLflow's own variables work too, above all `MLFLOW_TRACKING_URI`, "
        "`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD` "
        "([a team's server](../server.md)).\n\n"
        "## Limits\n\nWhat [files of other people](../guests.md) may take up.\n\n"
        "| variable | limit | of what |\n| --- | ---: | --- |"
    )
    for variable, name in of_limits.items():
        limit = getattr(limits, name)
        yield f"| `{variable}` | {limit.default:,} {limit.unit} | {_prose(described[name])} |"


def write_tags() -> Iterator[str]:
    """The tags of a run in MLflow."""
    from hhexp.tracking import tags

    yield (
        "# Tags\n\nWhat a run, a sweep or a study carries in MLflow. MLflow's search finds runs by "
        "them, as in ``tags.`hhexp.kind` = 'sweep'``. What is logged by epoch is in "
        "[What is trained, and what is measured](../metrics.md).\n\n"
        "| tag | what it says |\n| --- | --- |"
    )
    for name, text in read_constants(PACKAGE / "tracking/tags.py").items():
        yield f"| `{getattr(tags, name)}` | {_prose(text)} |"


def read_constants(file: Path) -> dict[str, str]:
    """The constants of a module that have a text below them, with the text."""
    body = ast.parse(file.read_text("utf-8")).body
    return {
        assigned.targets[0].id: text.value.value
        for assigned, text in itertools.pairwise(body)
        if isinstance(assigned, ast.Assign)
        and isinstance(assigned.targets[0], ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _prose(docstring: str) -> str:
    """A docstring in reStructuredText as one line of Markdown."""
    return " ".join(docstring.replace("``", "`").split())

"""From a composed configuration to a checked one, or to one line that says what is wrong."""

import contextlib
import difflib
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from hhexp.config.objective import NAMES, RECALL
from hhexp.config.registry import GROUPS, LISTS, Registry, list_keys
from hhexp.config.schema import Config
from hhexp.errors import UserError


def check(values: Mapping[str, Any]) -> Config:
    """Check a resolved configuration: every key, type and range, and every name that it uses.

    It imports nothing, so the functions that it names must have been registered by then: the
    built-in ones (import ``hhexp.models``, ``hhexp.data``, ``hhexp.training.learning_rate``,
    ``hhexp.training.loss`` and ``hhexp.training.optimizer``), and the person's own
    (``import_modules``).

    Raises:
        UserError: in one line, each key that is wrong, its value and what would be right.
    """
    values = dict(values)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise UserError(_describe_errors(error, values)) from error
    for group, (registry, key) in GROUPS.items():
        section = getattr(config, group)
        name, arguments = getattr(section, key), section.arguments
        check_arguments(registry, f"{group}.{key}", name, arguments, f"{group}.")
    for path, registry in LISTS.items():
        parts: Any = functools.reduce(getattr, path.split("."), config)
        for part in parts:
            check_arguments(registry, path, part.name, part.arguments, f"{path}.{part.name}.")
    return config


def check_arguments(
    registry: Registry, key: str, name: str, arguments: Mapping[str, Any], prefix: str
) -> None:
    """Check that ``name`` is registered and that its parameters' types and ranges hold.

    Args:
        registry: of its kind.
        key: the key that names it.
        name: its name.
        arguments: its parameters, by their keys.
        prefix: what a message puts before these keys.
    """
    if name not in registry.functions:
        raise UserError(
            f"{key}={name}: no such {registry.kind}{suggest(name, registry.functions)}"
            " (if it is your own, name its module: modules=[my_module])"
        )
    try:
        _build_schema(registry.functions[name], f"{key}={name}").model_validate(dict(arguments))
    except ValidationError as error:
        raise UserError(_describe_errors(error, arguments, prefix)) from error


@functools.cache  # it takes milliseconds, and a sweep has thousands of jobs
def _build_schema(function: Callable[..., Any], named: str) -> type[BaseModel]:
    """What a registered function's parameters have to be; ``named`` is how a message calls it."""
    fields: dict[str, Any] = {}
    for parameter, p in list_keys(function).items():
        fields[parameter] = (p.annotation, ... if p.default is p.empty else p.default)
        try:
            create_model("Key", **{parameter: fields[parameter]}).model_rebuild()
        except Exception as error:  # pydantic raises many kinds
            raise UserError(
                f"{named}: its parameter {parameter} needs a type that can be checked, such as "
                f"int, float, str or list[int], not {p.annotation}"
            ) from error
    rules = ConfigDict(extra="forbid", strict=True, protected_namespaces=(), allow_inf_nan=False)
    return create_model(function.__name__, __config__=rules, **fields)


def suggest(name: str, names: Iterable[str], most: int = 3) -> str:
    """The names most like ``name``, as the end of a message: ``; nearest: full, flip``."""
    names = list(names)
    close = difflib.get_close_matches(name, names, n=most, cutoff=0.6)
    if not close:
        last = name.rsplit(".", 1)[-1]
        by_end = {candidate.rsplit(".", 1)[-1]: candidate for candidate in reversed(names)}
        close = [by_end[end] for end in difflib.get_close_matches(last, by_end, n=most, cutoff=0.6)]
    if close:
        return f"; nearest: {', '.join(close)}"
    return f"; available: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def _describe_errors(error: ValidationError, values: Mapping[str, Any], prefix: str = "") -> str:
    return "; ".join(_describe(detail, values, prefix) for detail in error.errors())


def _describe(detail: Any, values: Mapping[str, Any], prefix: str) -> str:
    kind, location, context = detail["type"], detail["loc"], detail.get("ctx", {})
    key = prefix + ".".join(map(str, location))
    if kind == "missing":
        return f"{key}: required but not set"
    if kind == "extra_forbidden":
        *path, unknown = location
        siblings = [key.removesuffix(unknown) + name for name in _find_section(values, path)]
        return f"{key}: no such key{suggest(key, [name for name in siblings if name != key])}"
    if kind == "string_pattern_mismatch" and key == "objective":
        wanted = f"must be {', '.join(NAMES)} or {RECALL}<class>"
    else:
        wanted = _describe_wanted(kind, context, detail["input"], detail["msg"])
    if kind == "value_error" and len(location) == 1 and isinstance(detail["input"], Mapping):
        return f"{key}: {wanted}"  # of a whole section the message names the keys
    return f"{key}={_format_value(detail['input'])}: {wanted}"


def _find_section(values: Any, path: Iterable[str | int]) -> Any:
    """The values below a path."""
    for part in path:
        with contextlib.suppress(LookupError, TypeError):  # a union's tag is not a key
            values = values[part]
    return values


def _describe_wanted(kind: str, context: Mapping[str, Any], value: object, message: str) -> str:
    if kind in ("int_type", "int_parsing", "int_from_float"):
        return "must be a whole number"
    if kind in ("float_type", "float_parsing"):
        return "must be a number"
    if kind in ("bool_type", "bool_parsing"):
        return "must be true or false"
    if kind == "list_type":
        example = (
            f", such as [{_format_value(value)}]" if isinstance(value, str | int | float) else ""
        )
        return f"must be a list{example}"
    if kind == "model_type" and context.get("class_name") == "View":
        return "must be keys: box or share, such as {box: [0, 0, 0.5, 1]}"
    if kind == "model_type":
        return "must be a name, or keys with a name among them, such as {name: mine, size: 3}"
    if kind == "string_type":
        return "must be a string"
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if name in context:
            return f"must be {sign} {str(context[name]).removesuffix('.0')}"
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _format_value(value: Any) -> str:
    """A value as it is written on the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else repr(value)

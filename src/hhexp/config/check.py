"""From a composed configuration to a checked one, or to one line that says what is wrong."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model

from hhexp.config.registry import Registry, data_reader, import_modules, model_builder
from hhexp.config.schema import Config
from hhexp.errors import UserError


def check(values: Mapping[str, Any]) -> Config:
    """Check a resolved configuration: every key, type and range, and every name that it uses.

    Modules named in ``modules`` are imported first, so that their builders and readers count.
    Built-in ones must have been registered by then (import ``hhexp.models`` and ``hhexp.data``).

    Raises:
        UserError: in one line, each key that is wrong, its value and what would be right.
    """
    values = dict(values)
    modules = values.get("modules")
    if isinstance(modules, list) and all(isinstance(name, str) for name in modules):
        import_modules(modules)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise UserError(_one_line(error, Config)) from error
    check_arguments(model_builder, "model", "builder", config.model.builder, config.model.arguments)
    check_arguments(data_reader, "data", "reader", config.data.reader, config.data.arguments)
    return config


def check_arguments(
    registry: Registry, group: str, key: str, name: str, arguments: Mapping[str, Any]
) -> None:
    """Check that ``name`` is registered and that its parameters' types and ranges hold."""
    if name not in registry.functions:
        raise UserError(
            f"{group}.{key}={name}: no such {registry.kind}{nearest(name, registry.functions)}"
            " (name the module that registers your own: modules=[my_module])"
        )
    fields: dict[str, Any] = {
        parameter: (p.annotation, ... if p.default is p.empty else p.default)
        for parameter, p in registry.keys(name).items()
    }
    rules = ConfigDict(extra="forbid", strict=True, protected_namespaces=(), allow_inf_nan=False)
    try:
        schema = create_model(name, __config__=rules, **fields)
    except PydanticUserError as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{group}.{key}={name}: its parameters need types that can be checked, such as int, "
            f"float, str or list[int]: {reason}"
        ) from error
    try:
        schema.model_validate(dict(arguments))
    except ValidationError as error:
        raise UserError(_one_line(error, schema, f"{group}.")) from error


def nearest(name: str, names: Iterable[str], most: int = 3) -> str:
    """The names most like ``name``, as the end of a message: ``; nearest: full, flip``."""
    names = list(names)
    close = difflib.get_close_matches(name, names, n=most, cutoff=0.6)
    if not close:
        last = name.rsplit(".", 1)[-1]
        by_end = {candidate.rsplit(".", 1)[-1]: candidate for candidate in reversed(names)}
        close = [by_end[end] for end in difflib.get_close_matches(last, by_end, n=most, cutoff=0.6)]
    if close:
        return f"; nearest: {', '.join(close)}"
    return f"; there are: {', '.join(names)}" if len(names) <= 12 else ""


def _one_line(error: ValidationError, schema: type[BaseModel], prefix: str = "") -> str:
    return "; ".join(_say(detail, schema, prefix) for detail in error.errors())


def _say(detail: Any, schema: type[BaseModel], prefix: str) -> str:
    kind, location = detail["type"], detail["loc"]
    # In a union pydantic puts the chosen member's tag behind the group: ("lr", "step", "value").
    if len(location) > 2 and location[0] in ("lr", "optimizer"):
        location = (location[0], *location[2:])
    key = prefix + ".".join(str(part) for part in location)
    if kind == "missing":
        return f"{key}: missing, it has no default"
    if kind == "extra_forbidden":
        return f"{key}: no such key{nearest(key, _siblings(schema, location, prefix))}"
    context = detail.get("ctx", {})
    if kind == "string_pattern_mismatch" and key == "objective":
        wanted = (
            "must be train/loss, train/accuracy, val/loss, val/accuracy, val/recall/<class> "
            "or time/epoch_s"
        )
    elif kind == "union_tag_invalid":
        discriminator = context["discriminator"].strip("'")
        return f"{key}.{discriminator}={context['tag']}: must be one of {context['expected_tags']}"
    else:
        wanted = _wanted(kind, context, detail["msg"])
        if kind.startswith(("greater_than", "less_than")):
            wanted = f"must be {_range(schema, location)}"
    return f"{key}={_shown(detail['input'])}: {wanted}"


def _siblings(schema: Any, location: tuple[Any, ...], prefix: str) -> list[str]:
    """The keys that are allowed where an unknown one was found, dotted."""
    if len(location) == 1:
        return [prefix + name for name in getattr(schema, "model_fields", {})]
    part, *rest = location
    if get_origin(schema) is dict:
        return _siblings(get_args(schema)[1], tuple(rest), f"{prefix}{part}.")
    members = [getattr(m, "model_fields", {}) for m in (schema, *get_args(schema))]
    inner = next((fields[part].annotation for fields in members if part in fields), None)
    options = [inner, *get_args(inner)] if get_origin(inner) is not dict else [inner]
    found = [_siblings(option, tuple(rest), f"{prefix}{part}.") for option in options]
    return list(dict.fromkeys(name for names in found for name in names))


def _wanted(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in ("int_type", "int_parsing", "int_from_float"):
        return "must be a whole number"
    if kind in ("float_type", "float_parsing", "finite_number"):
        return "must be a finite number" if kind == "finite_number" else "must be a number"
    if kind in ("bool_type", "bool_parsing"):
        return "must be true or false"
    if kind == "list_type":
        return "must be a list, such as [8,8]"
    if kind == "string_type":
        return "must be a text"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    return message.replace("Input should be", "must be", 1)


_BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}


def _range(schema: Any, location: tuple[Any, ...]) -> str:
    """Both ends of the range that the number at ``location`` must lie in, such as ``≥ 1``."""
    part, *rest = location
    if get_origin(schema) is dict:  # data.views: a key of the person's, then a section
        return _range(get_args(schema)[1], tuple(rest))
    if isinstance(part, int):  # an entry of a list: list[Annotated[int, Field(ge=1)]]
        members = [schema, *get_args(schema)]
        members += [get_args(member)[0] for member in members if get_origin(member) is Annotated]
        listed = next(member for member in members if get_origin(member) is list)
        bounded = _constraints(get_args(listed)[0])
    else:
        members = [m for m in (schema, *get_args(schema)) if part in getattr(m, "model_fields", {})]
        info = members[0].model_fields[part]
        if rest:
            return _range(info.annotation, tuple(rest))
        inner = [item for arg in get_args(info.annotation) for item in _constraints(arg)]
        bounded = [*info.metadata, *inner]
    return " and ".join(
        text.format(getattr(item, name))
        for item in bounded
        for name, text in _BOUNDS.items()
        if getattr(item, name, None) is not None
    )


def _constraints(annotation: Any) -> list[Any]:
    """The bounds that ``Annotated[int, Field(ge=1)]`` carries."""
    metadata = getattr(annotation, "__metadata__", ())
    return [item for entry in metadata for item in getattr(entry, "metadata", (entry,))]


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float | bool | type(None)) else repr(value)

"""From a composed configuration to a checked one, or to one line that says what is wrong."""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

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
    fields: dict[str, Any] = {}
    for parameter, p in registry.keys(name).items():
        fields[parameter] = (p.annotation, ... if p.default is p.empty else p.default)
        try:
            create_model(name, **{parameter: fields[parameter]}).model_rebuild()
        except Exception as error:  # pydantic raises many kinds
            raise UserError(
                f"{group}.{key}={name}: its parameter {parameter} needs a type that can be "
                f"checked, such as int, float, str or list[int], not {p.annotation}"
            ) from error
    rules = ConfigDict(extra="forbid", strict=True, protected_namespaces=(), allow_inf_nan=False)
    schema = create_model(name, __config__=rules, **fields)
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
        start = key.removesuffix(str(location[-1]))
        members = _members(_annotation(schema, detail["loc"][:-1]))
        siblings = [start + name for m in members for name in getattr(m, "model_fields", {})]
        return f"{key}: no such key{nearest(key, siblings)}"
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
        wanted = _wanted(kind, context, detail["input"], detail["msg"])
        if kind.startswith(("greater_than", "less_than")):
            wanted = f"must be {_range(_annotation(schema, detail['loc']))}"
    return f"{key}={_shown(detail['input'])}: {wanted}"


def _wanted(kind: str, context: Mapping[str, Any], value: object, message: str) -> str:
    if kind in ("int_type", "int_parsing", "int_from_float"):
        return "must be a whole number"
    if kind in ("float_type", "float_parsing"):
        return "must be a number"
    if kind in ("bool_type", "bool_parsing"):
        return "must be true or false"
    if kind == "list_type":
        example = f", such as [{_shown(value)}]" if isinstance(value, str | int | float) else ""
        return f"must be a list{example}"
    if kind == "string_type":
        return "must be a text"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)


_BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}


def _range(annotation: Any) -> str:
    """Both ends of the range that an annotated number must lie in, such as ``≥ 1``."""
    return " and ".join(
        text.format(getattr(item, name))
        for item in _constraints(annotation)
        for name, text in _BOUNDS.items()
        if getattr(item, name, None) is not None
    )


def _annotation(schema: Any, location: tuple[Any, ...]) -> Any:
    """The annotation of the value at a location, such as that of ("data", "views", "x", "box")."""
    for part in location:
        inner = [_inner(member, part) for member in _members(schema)]
        schema = next((annotation for annotation in inner if annotation is not None), schema)
    return schema


def _members(annotation: Any) -> Iterator[Any]:
    """The members of a union, or the one type, without what annotates them."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _inner(annotation: Any, part: Any) -> Any:
    """The annotation of a part of a section, list or dict; None where there is no such part."""
    if get_origin(annotation) in (list, dict):
        return get_args(annotation)[-1]
    fields = getattr(annotation, "model_fields", {})
    if part in fields:
        return Annotated[fields[part].annotation, fields[part]]
    tags = [tag for info in fields.values() for tag in get_args(info.annotation)]
    return annotation if part in tags else None


def _constraints(annotation: Any) -> Iterator[Any]:
    """The bounds that ``Annotated[int, Field(ge=1)]`` carries, also as a member of a union."""
    for entry in getattr(annotation, "__metadata__", ()):
        yield from getattr(entry, "metadata", (entry,))
    if get_origin(annotation) in (Annotated, Union, types.UnionType):
        for member in get_args(annotation):
            yield from _constraints(member)


def _shown(value: Any) -> str:
    """A value as it is written on the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else repr(value)

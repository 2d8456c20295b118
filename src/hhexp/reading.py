"""Texts that other people may have written, read back or refused in one line."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from hhexp.errors import UserError
from hhexp.escape import escape_line
from hhexp.limits import TEXT_BYTES, YAML_BYTES, YAML_VALUES, Limit

MESSAGES = {
    "missing": "missing",
    "extra_forbidden": "not a key that a run has",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
}
"""What to say in place of pydantic's words, by its kinds of errors."""


def _check_sha256(text: str) -> str:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValueError("must be a SHA-256 (64 hex digits)")
    return text


def _check_address(text: str) -> str:
    try:
        address = urlsplit(text)
        plain = text.isprintable() and text.isascii() and " " not in text
        if plain and address.scheme in ("http", "https") and address.hostname and address.path:
            return text
    except ValueError:  # such as of a wrong IPv6 address
        pass
    raise ValueError("must be an address, such as https://example.org/images.zip")


Sha256 = Annotated[str, AfterValidator(_check_sha256)]
Address = Annotated[str, AfterValidator(_check_address)]
MAPPING = TypeAdapter(dict[str, Any], config=ConfigDict(strict=True))


def read_bytes(file: Path, most: Limit = TEXT_BYTES) -> bytes:
    """The content of a file, by default of a text, with its line ends, which patches depend on.

    Raises:
        UserError: it cannot be read, is not a file, or is too large.
    """
    try:
        if file.exists() and not file.is_file():
            raise UserError(f"{file}: not a file")
        most.check(file.stat().st_size, str(file))
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from error


def parse_json(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: it is not valid, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not valid JSON: {error}") from error


def parse_yaml(text: str, *, aliases: bool = False) -> Any:
    """Read YAML, by default without aliases, which no run writes.

    With ``aliases``, by which a small text can stand for an endless one, the values are counted.

    Raises:
        ValueError: it is not valid, has a key twice, an alias or too many values, or is nested too
            deeply.
    """
    try:
        YAML_BYTES.check(len(text), "YAML")
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        known: dict[int, int] = {}
        count = _count_values(node, known, aliases=aliases)
        if aliases:
            YAML_VALUES.check(count, "YAML")
        return loader.construct_document(node)
    except Exception as error:  # PyYAML raises many kinds, such as KeyError for `!!bool maybe`
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ValueError(f"not valid YAML: {line}{problem}") from error


def _count_values(node: yaml.Node, known: dict[int, int], *, aliases: bool) -> int:
    """The values in a node, each as often as aliases repeat it; endless where it is in itself."""
    if id(node) in known:
        if not aliases:
            raise ValueError("it has an alias (*name), which no run writes")
        return known[id(node)]
    known[id(node)] = YAML_VALUES.most + 1
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        inner = node.value
    elif isinstance(node, yaml.MappingNode):
        _refuse_repeated_key(node)
        inner = [each for pair in node.value for each in pair]
    known[id(node)] = 1 + sum(_count_values(each, known, aliases=aliases) for each in inner)
    return known[id(node)]


def _refuse_repeated_key(node: yaml.MappingNode) -> None:
    """Refuse a key that is there twice: PyYAML would keep the last in silence."""
    first: dict[str, int] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in first:
                there = f"is there twice, first in line {first[key.value]}"
                raise ValueError(f"line {line}: {key.value}: {there}")
            first[key.value] = line


def describe(error: ValueError) -> str:
    """The first problem that was found, in one line: where it is, and what it is."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    first = error.errors()[0]
    place = ", ".join(map(str, first["loc"]))
    problem = MESSAGES.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return escape_line(f"{place}: {problem}" if place else problem)


def damaged(what: str, error: ValueError) -> UserError:
    """The error that says what is not as it was written, and what to do about it."""
    return UserError(
        f"{what} was edited or is damaged: {describe(error)}; restore it from a copy, for example "
        "with 'git checkout' where git has it"
    )

"""Texts that other people may have written, read back or refused in one line."""

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from hhexp.errors import UserError

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


def parse_json(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: it is not valid, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not valid JSON: {error}") from error


def parse_yaml(text: str) -> Any:
    """Read YAML without aliases, by which a small text can stand for an endless one.

    Raises:
        ValueError: it is not valid, has an alias, or is nested too deeply.
    """
    try:
        events = yaml.parse(text, yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise ValueError("it has an alias (*name), which no run writes")
        return yaml.safe_load(text)
    except Exception as error:  # PyYAML raises many kinds, such as KeyError for `!!bool maybe`
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ValueError(f"not valid YAML: {line}{problem}") from error


def describe(error: ValueError) -> str:
    """The first problem that was found, in one line: where it is, and what it is."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    first = error.errors()[0]
    place = ", ".join(map(str, first["loc"]))
    problem = MESSAGES.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem


def damaged(what: str, error: ValueError) -> UserError:
    """The error that says what is not as it was written, and what to do about it."""
    return UserError(
        f"{what} was edited or is damaged: {describe(error)}; restore it from a copy, for example "
        "with 'git checkout' where git has it"
    )

"""YAML laid out for a person: a paragraph a section, and one line for what belongs together."""

import sys
from collections.abc import Mapping
from typing import Any

import yaml


class Line(dict[str, Any]):
    """A mapping that takes one line."""


def render(sections: Mapping[str, Any]) -> str:
    """The sections as YAML, long ones after an empty line; floats keep every bit."""
    texts = [_dump({name: content}) for name, content in sections.items()]
    return "".join(text if text.count("\n") == 1 else f"\n{text}" for text in texts)


def _dump(section: dict[str, Any]) -> str:
    return yaml.dump(
        section, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # whatever is there twice is written twice


def _represent_string(dumper: _Dumper, text: str) -> yaml.Node:
    # PyYAML would read an unescaped U+0085 back as a space.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, '"' if "\x85" in text else None)


def _represent_list(dumper: _Dumper, values: list[Any]) -> yaml.Node:
    plain = not any(isinstance(value, list | dict) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=plain)


def _represent_line(dumper: _Dumper, line: Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", line, flow_style=True)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(Line, _represent_line)

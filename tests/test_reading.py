"""Other people's texts are read, or refused in one line that says what is wrong."""

import os
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.reading import parse_json, parse_yaml, read_bytes


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", "not valid YAML: line 1: "),
        ("a: 1\nb: }", "not valid YAML: line 2: "),
        ("a: \x00", "not valid YAML: "),
        ("!!python/object/apply:os.system ['true']", "python/object/apply:os.system"),
        ("a: &a [x]\nb: [*a, *a]", "it has an alias"),
        ("[" * 5000, "not valid YAML: "),
        ("a: !!bool maybe", "not valid YAML: "),
        ("a: !!int ''", "not valid YAML: "),
        ("a: 2020-99-99", "not valid YAML: "),
        ("a: " + "9" * 5000, "not valid YAML: "),
    ],
)
def test_a_text_that_is_not_plain_yaml_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="not valid YAML") as error:
        parse_yaml(text)
    assert problem in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000])
def test_a_text_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not valid JSON: "):
        parse_json(text)


def test_aliases_are_read_where_a_person_may_write_them() -> None:
    text = "a: &a {x: 1}\nb: {<<: *a, y: [*a, *a]}"
    assert parse_yaml(text, aliases=True) == {"a": {"x": 1}, "b": {"x": 1, "y": [{"x": 1}] * 2}}


LEVELS = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGED = "".join(f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}\n" for n in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [f"l0: &l0 [x]\n{LEVELS}", f"l0: &l0 {{x: 1}}\n{MERGED}", "a: &a [*a]", "a: &a {b: *a}"],
)
def test_a_small_text_that_stands_for_an_endless_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"values; the limit is 100,000: .* HHEXP_MAX_YAML_VALUES"):
        parse_yaml(text, aliases=True)


def test_a_long_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHEXP_MAX_YAML_MB", "1")
    with pytest.raises(ValueError, match="too large: 1 MB; the limit is 1"):
        parse_yaml("a" * 1_000_001)


def test_a_file_is_read_if_it_is_one_and_not_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"one\r\n")
    assert read_bytes(tmp_path / "a") == b"one\r\n"
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(UserError, match="not a file"):
            read_bytes(path)
    with pytest.raises(UserError, match="none: No such file"):
        read_bytes(tmp_path / "none")
    monkeypatch.setenv("HHEXP_MAX_TEXT_MB", "0")
    with pytest.raises(UserError, match=r"a: too large: .* set HHEXP_MAX_TEXT_MB"):
        read_bytes(tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("claims: [1]\nseeds: [0]\nclaims: [2]", "line 3: claims: is there twice, first in line 1"),
        ("a: 1\nb:\n  x: 1\n  'x': 2", "line 4: x: is there twice, first in line 3"),
        ("[{a: 1, a: 1}]", "line 1: a: is there twice, first in line 1"),
    ],
)
def test_a_key_that_is_there_twice_is_named(text: str, place: str) -> None:
    for aliases in (True, False):
        with pytest.raises(ValueError, match=f"not valid YAML: {place}"):
            parse_yaml(text, aliases=aliases)


def test_a_key_that_replaces_a_merged_one_is_not_there_twice() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3}"
    assert parse_yaml(text, aliases=True)["c"] == {"x": 3, "y": 1}

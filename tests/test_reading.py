"""Other people's texts are read, or refused in one line that says what is wrong."""

import pytest

from hhexp.reading import parse_json, parse_yaml


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

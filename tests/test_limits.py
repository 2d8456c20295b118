"""Nothing of other people's is taken in any size, and a person can raise each limit."""

import re
from pathlib import Path

import pytest

from hhexp import limits
from hhexp.errors import UserError
from hhexp.limits import Limit

LIMIT = Limit("HHEXP_MAX_TEST", 2, "MB", 10**6)


def test_the_message_names_the_variable_that_raises_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    LIMIT.check(2_000_000, "a file")
    with pytest.raises(UserError) as error:
        LIMIT.check(2_500_000, "a file")
    assert str(error.value) == (
        "a file: too large: 2.5 MB; the limit is 2: to raise it, set HHEXP_MAX_TEST"
    )
    monkeypatch.setenv("HHEXP_MAX_TEST", "3")
    LIMIT.check(2_500_000, "a file")


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "²", "1e3", " "])
def test_a_variable_that_is_no_number_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHEXP_MAX_TEST", text)
    with pytest.raises(UserError, match=r"HHEXP_MAX_TEST=.*: must be a whole number of MB"):
        LIMIT.check(0, "a file")


def test_each_limit_has_a_variable_of_its_own() -> None:
    variables = [each.variable for each in vars(limits).values() if isinstance(each, Limit)]
    assert len(variables) == len(set(variables)) > 8


def test_the_table_of_limits_is_what_holds() -> None:
    table = (Path(__file__).parents[1] / "docs/guests.md").read_text("utf-8")
    said = re.findall(r"^\| `(HHEXP_MAX_\w+)` \| ([\d,]+) \|", table, re.MULTILINE)
    held = [each for each in vars(limits).values() if isinstance(each, Limit)]
    assert said == [(each.variable, f"{each.default:,}") for each in held]

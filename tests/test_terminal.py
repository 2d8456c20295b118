"""Nothing that is printed steers the terminal, except rich itself."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.terminal import Terminal, say

HOSTILE = ["\x1b[2J", "\x1b]0;title\x07", "a\rb", "\x9b31m", "\u202egnp.exe", "\b\b", "\udcff"]
MARKUP = ["[/red]", "[red]", "[link=file:///etc/passwd]x[/link]", ":smile:", "[@click=app.bell]x"]


def printed(*objects: object) -> str:
    file = io.StringIO()
    Terminal(file=file, width=60, force_terminal=True, color_system=None).print(*objects)
    return file.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_control_characters_are_shown_and_not_sent(text: str) -> None:
    table = Table("head" + text, title=text, caption=Text(text))
    table.add_row(text)
    table.add_row(Text(text))
    shown = printed(text, Text(text), table, [text])
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    shown.encode()  # which a surrogate would refuse


@pytest.mark.parametrize("text", MARKUP)
def test_brackets_mean_nothing(text: str) -> None:
    table = Table("head" + text, title=text)
    table.add_row(text)
    assert printed(text, table).count(text) == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_is_escaped(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{text}.")
    assert all(letter.isprintable() or letter == "\n" for letter in capsys.readouterr().out)


@pytest.mark.parametrize("text", [*HOSTILE, "one\ntwo"])
@pytest.mark.parametrize("kind", [UserError, ValueError])
def test_an_error_is_one_line_without_control_characters(
    text: str, kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str] | None) -> int:
        raise kind(f"file{text}: damaged")

    assert entry(fail)() == (2 if kind is UserError else 1)
    said = capsys.readouterr().err
    assert said.endswith("\n") and said[:-1].isprintable()

"""Nothing from a record is run without a person's consent."""

import io
import sys

import pytest
from rich.console import Console

from hhexp.errors import UserError
from hhexp.reproduction.consent import ask_consent


def ask(monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    """Ask at a terminal where that is answered; without one where there is None."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: answer)
    ask_consent("run it", False, Console(file=io.StringIO()))


@pytest.mark.parametrize("answer", ["y", " YES "])
def test_a_yes_is_consent(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    ask(monkeypatch, answer)


@pytest.mark.parametrize("answer", ["", "n", "yet"])
def test_anything_else_is_none(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    with pytest.raises(UserError, match="nothing was run"):
        ask(monkeypatch, answer)


def test_without_a_terminal_it_says_how_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^this would run it; .* agree with --run-recorded-code$"):
        ask(monkeypatch, None)


def test_consent_that_was_given_is_not_asked_for_again() -> None:
    ask_consent("run it", True, Console(file=io.StringIO()))

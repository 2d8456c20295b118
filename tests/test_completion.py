"""A shell completes commands, their options, keys and groups' options."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hhexp.completion import list_overrides


def complete(typed: str, folder: Path) -> set[str]:
    """What a shell is offered that asks as argcomplete's function does."""
    answer = folder / "answer"
    asked = {
        **{"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\013", "_ARGCOMPLETE_SUPPRESS_SPACE": "1"},
        **{"COMP_LINE": typed, "COMP_POINT": str(len(typed)), "COMP_TYPE": "9"},
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
    }
    subprocess.run([sys.executable, "-m", "hhexp"], env={**os.environ, **asked}, check=True)
    return set(answer.read_text().split("\013"))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("hhexp rep", {"report", "reproduce"}),
        ("hhexp report --st", {"--study"}),
        ("hhexp predict ab12 --epoch ", {"last", "best"}),
        ("hhexp run aug=f", {"aug=full", "aug=flip", "full", "flip"}),
        ("hhexp run --mu", {"--multirun"}),
    ],
)
def test_a_shell_is_offered_what_fits(typed: str, offered: set[str], tmp_path: Path) -> None:
    found = {each.strip() for each in complete(typed, tmp_path)}
    assert found and found <= offered


def test_words_are_keys_options_and_lists_of_options() -> None:
    assert {"epochs=", "aug=", "data.root=", "lr.value="} <= set(list_overrides(""))
    assert list_overrides("epo") == ["epochs="]
    assert "aug=none,full" in list_overrides("aug=none,")
    assert list_overrides("epochs=") == []

"""``--json``: one document on the standard output, whole and exact, and nothing else there."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hhexp.analysis import summary
from hhexp.json_document import make_plain, print_document
from hhexp.tracking.query import read_histories

DOCUMENT = (Path(__file__).parents[1] / "docs/scripting.md").read_text("utf-8")


@dataclass(frozen=True)
class Point:
    place: Path
    value: float


def test_values_of_every_kind_become_what_json_has() -> None:
    value = {
        1: Point(Path("a/b"), float("nan")),
        "numbers": np.array([0.1, np.inf], np.float64),
        "single": np.float32(0.1),
        "many": (None, True, "ä\n"),
    }
    assert make_plain(value) == {
        "1": {"place": "a/b", "value": None},
        "numbers": [0.1, None],
        "single": float(np.float32(0.1)),
        "many": [None, True, "ä\n"],
    }


PROGRAM = """
import os, subprocess, sys
from hhexp.json_document import print_document

with print_document("--json" in sys.argv) as document:
    print("a table")
    os.write(1, b"a library\\n")
    subprocess.run([sys.executable, "-c", "print('a worker')"])
    document["x"] = 0.1 + 0.2
    if "--fail" in sys.argv:
        raise SystemExit(2)
print("after", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ([], "a table\na library\na worker\n"),
        (["--json"], '{\n  "x": 0.30000000000000004\n}\n'),
        (["--json", "--fail"], ""),
    ],
)
def test_nothing_else_reaches_the_standard_output(words: list[str], out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-u", "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert done.stdout == out
    if words:
        assert {"a table", "a library", "a worker"} <= set(done.stderr.splitlines())


def test_without_the_flag_a_document_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with print_document(False) as document:
        document["x"] = object()
        print("a table")
    assert capsys.readouterr().out == "a table\n"


def list_keys(command: str) -> set[str]:
    """The keys at the top of a command's document, as the page lists them."""
    (keys,) = re.findall(rf"^\| `{command}` \| ([^|]*) \|", DOCUMENT, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", keys))


@pytest.fixture(scope="module")
def swept(new_shell: Callable[[], Any]) -> Any:
    """A folder in which a sweep has run, and its document."""
    shell = new_shell()
    done = shell.train("-m", "--json", "aug=none,flip", "epochs=1")
    assert done.returncode == 0, done.stderr
    return shell, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_a_sweep_s_document_has_the_numbers_of_the_store(swept: Any) -> None:
    shell, found, said = swept
    assert list_keys("run") == found.keys()
    assert [run["overrides"] for run in found["runs"]] == ["aug=none", "aug=flip"]
    for run in found["runs"]:
        history = read_histories(shell.store, run["run_id"])
        for metric in summary.METRICS:
            assert run["last"]["values"][metric] == history[metric][0]
    assert (found["failures"], found["unsent"]) == ([], 0)
    assert "FINISHED" in said and "Next steps" in said
    wrong = shell.train("--json", "epochz=1")
    assert (wrong.returncode, wrong.stdout) == (2, "")


@pytest.mark.slow
def test_the_other_commands_have_the_keys_that_the_page_lists(swept: Any) -> None:
    shell, found, _ = swept
    one, other = (run["run_id"] for run in found["runs"])
    picture = next(shell.pictures.rglob("*.png"))
    (shell.folder / "pages").mkdir()
    commands = {
        "diff": ([one, other], 1),
        "report": ([found["sweep_id"], "--output", "pages/report"], 0),
        "predict": ([one, str(picture), "gone.png", "--unscaled"], 1),
        "doctor": ([], 0),
        "doctor --send": ([], 0),
        "inspect": ([str(shell.pictures)], None),
        "reproduce": ([one, "--dry-run"], 0),
        "export": ([one, "--to", "keras"], 0),
    }
    documents = {}
    for command, (words, status) in commands.items():
        done = shell.call(*command.split(), *words, "--json")
        assert status is None or done.returncode == status, done.stderr
        documents[command] = json.loads(done.stdout)
        assert list_keys(command) == documents[command].keys()
    assert documents["diff"]["equal"] is False
    assert any(each["name"] == "aug.horizontal_flip" for each in documents["diff"]["differences"])
    assert documents["report"]["runs"] == 2
    (image,) = documents["predict"]["images"]
    assert sum(image["probabilities"].values()) == pytest.approx(1)
    assert image["unscaled"]["class"] in documents["predict"]["classes"]
    assert documents["predict"]["unread"] == ["gone.png"]
    assert documents["doctor"]["abandoned"] == []
    assert documents["inspect"]["counts"]["train"] == {"moons": 10, "suns": 10}
    refused = shell.call("reproduce", one, "--json", "--code", "recorded")
    assert (refused.returncode, refused.stdout) == (2, "")

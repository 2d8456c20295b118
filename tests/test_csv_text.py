"""No name becomes a formula in a spreadsheet or a command for a terminal; all is read back."""

import csv
import io

import pandas as pd
import pytest

from hhexp.csv_text import format_csv, format_frame, parse_csv

NAMES = ["=cmd|'/C calc'!A0", "+1+cmd", "-1+cmd", "@SUM(A1)", "'=1", "''=1", "=5+5"]
PLAIN = [
    "cats",
    "'tis",
    "a=b",
    "1-2",
    "",
    "a\nb",
    'a"b',
    "a,b",
    "é",
    "-0.5",
    "+3",
    "-inf",
    "1e-7",
    "a\rb",
    "\u2028x",
    "\t=1",
    "\r=1",
    "\r1",
    "\x1b[2J",
    "\\x1b",
    "C:\\new\\",
    "\U000e0001",
    "\udc80",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_spreadsheet_would_compute_gets_an_apostrophe(name: str) -> None:
    text = format_csv([["head"], [name]])
    assert next(csv.reader(io.StringIO(text.partition("\n")[2], newline="")))[0] == f"'{name}"
    frame = pd.DataFrame({name: [name, "-1"], "number": [-0.5, 3]})
    header, row, last = csv.reader(io.StringIO(format_frame(frame), newline=""))
    assert (header, row, last) == (
        [f"'{name}", "number"], [f"'{name}", "-0.5"], ["-1", "3.0"]
    )  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, *PLAIN])
def test_what_was_written_is_read_back(name: str) -> None:
    rows = [["path", "true"], [name, "x"], ["y", name]]
    assert parse_csv(format_csv(rows), ["path"]) == rows


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("cats\u202estac", "cats\\u202estac"),
        ("C:\\new", "C:\\\\new"),
    ],
)
def test_what_would_steer_a_terminal_is_escaped(name: str, written: str) -> None:
    assert format_csv([["head"], [name]]) == f"head\n{written}\n"
    assert format_frame(pd.DataFrame({name: [name]})) == f"{written}\n{written}\n"


def test_a_table_of_an_earlier_version_is_read_as_it_is() -> None:
    assert parse_csv('path\n"a\nb"\n\x1b[2J\nC:\\pics\n', ["path"])[1:] == [
        ["a\nb"], ["\x1b[2J"], ["C:\\pics"]
    ]  # fmt: skip


def test_numbers_stay_numbers() -> None:
    assert format_csv([["a", -1.5, "-0.5000", None]]) == "a,-1.5,-0.5000,\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must begin with the columns path, true"),
        ("path\n", "must begin with the columns"),
        ("true,path\n", "must begin with the columns"),
        ("\x89PNG\r\n", "must begin with the columns"),
        ("path,true\na\n", "row 2: must have 2 values, not 1"),
        ("path,true\na,b\nc,d,e\n", "row 3: must have 2 values, not 3"),
        ("path,true\n\n", "row 2: must have 2 values, not 0"),
        ('path,true\n"a,b\n', "not valid CSV: "),
        ("path,true\n" + "a" * 200_000 + ",b\n", "not valid CSV: field larger than"),
    ],
)
def test_a_damaged_table_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_csv(text, ["path", "true"])

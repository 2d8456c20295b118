"""No name becomes a formula in a spreadsheet, and what was written is read back."""

import csv
import io

import pandas as pd
import pytest

from hhexp.csv_text import format_csv, format_frame, parse_csv

NAMES = ["=cmd|'/C calc'!A0", "+1+cmd", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "=5+5"]
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

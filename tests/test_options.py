"""Options that several commands share."""

import argparse
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.options import add_tracking_uri, check_output

SUFFIXES = (".json", ".md")


def test_the_store_is_an_option_without_a_default() -> None:
    parser = argparse.ArgumentParser()
    add_tracking_uri(parser)
    assert parser.parse_args([]).tracking_uri is None
    assert parser.parse_args(["--tracking-uri", "sqlite:///x.db"]).tracking_uri == "sqlite:///x.db"


def test_an_output_that_can_be_written_is_a_path(tmp_path: Path) -> None:
    for name in ("a.md", "a.JSON"):
        assert check_output(str(tmp_path / name), SUFFIXES) == tmp_path / name


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("a.doc", r"--output a\.doc: the file name must end with \.json or \.md"),
        ("nowhere/a.md", r"--output nowhere/a\.md: the folder nowhere does not exist"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused(output: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_output(output, SUFFIXES)

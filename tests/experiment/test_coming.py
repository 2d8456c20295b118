"""A run says which states it will come to, and a job finds the last that it shares."""

from datetime import UTC, datetime

import pytest

from hhexp.experiment.coming import MOST, find_coming, write_coming
from hhexp.experiment.stages import Chain
from hhexp.tracking.query import StoredRun
from hhexp.tracking.run import TAG_LENGTH
from hhexp.tracking.tags import COMING, STATE


def chain(letters: str) -> Chain:
    """A run with a stage for each letter, of as many digits as a real one."""
    return Chain({}, tuple(letter * 64 for letter in letters), "request")


def run(coming: str, saved: int | None = None) -> StoredRun:
    state = '{"stage": "s", "sha256": "0", "size": 1, "stays": true}'
    tags = {COMING: coming} | ({f"{STATE}{saved:05}": state} if saved else {})
    return StoredRun("id", "a run", "RUNNING", {}, tags, datetime.now(UTC), None, None)


def test_the_last_state_that_is_shared_is_found() -> None:
    coming = write_coming([2, 4, 6], chain("s123456"))
    assert find_coming(run(coming), chain("s12345678")) == 6
    assert find_coming(run(coming), chain("s12345")) == 4
    assert find_coming(run(coming), chain("s123xyz")) == 2
    assert find_coming(run(coming), chain("sxyz")) == 0


def test_what_was_saved_comes_no_more() -> None:
    coming = write_coming([2, 4, 6], chain("s123456"))
    assert find_coming(run(coming, saved=4), chain("s12345678")) == 6
    assert find_coming(run(coming, saved=4), chain("s12345")) == 0


@pytest.mark.parametrize("coming", ["", "4", "x:44444444", "4:", "-1:11111111", ":", "²:22222222"])
def test_what_is_no_such_list_holds_nothing(coming: str) -> None:
    assert find_coming(run(coming), chain("s12345")) == 0


def test_the_longest_list_fits_a_tag() -> None:
    many = chain("s" * 1000)
    coming = write_coming(range(1, 1000), many)
    assert len(coming) < TAG_LENGTH
    assert find_coming(run(coming), many) == MOST

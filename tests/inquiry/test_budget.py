"""Durations, and what stops when they are over."""

import signal
import time
from collections.abc import Iterator

import pytest

from hhexp.errors import UserError
from hhexp.inquiry.budget import Budget, read_duration


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as in hhexp's commands."""

    def raise_it(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, raise_it)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("45s", 45), ("0.5h", 1800), ("1h 5m", 3900)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "-1h", "2 days", "30m1h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--budget"):
        read_duration(text)


@pytest.mark.usefixtures("interruptible")
def test_a_spent_budget_stops_what_runs() -> None:
    budget = Budget(0.05)
    with budget.limit():
        time.sleep(30)
        pytest.fail("it was not stopped")
    assert budget.is_spent


@pytest.mark.usefixtures("interruptible")
def test_what_fails_as_it_is_stopped_is_stopped_too() -> None:
    budget = Budget(0.05)
    with budget.limit():
        try:
            time.sleep(30)
        finally:
            raise UnboundLocalError("closed what was not opened")
    assert budget.is_spent


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_is_not_taken_for_the_end_of_a_budget() -> None:
    budget = Budget(1000)
    with pytest.raises(KeyboardInterrupt), budget.limit():
        raise KeyboardInterrupt
    assert not budget.is_spent


def test_without_a_budget_nothing_stops() -> None:
    with (budget := Budget()).limit():
        pass
    assert not budget.is_spent


@pytest.mark.filterwarnings("error")  # such as that a thread has ended with an exception
def test_a_budget_may_be_longer_than_any_clock_runs() -> None:
    with (budget := Budget(1e20)).limit():
        time.sleep(0.05)
    assert not budget.is_spent

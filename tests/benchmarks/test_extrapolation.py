"""What a long program would take, from a short one."""

import pytest

from benchmarks.extrapolation import Program, Run


def test_a_program_with_its_own_epochs_at_its_own_pace_takes_what_was_measured() -> None:
    program = Program(20.0, (Run("a", (5.0, 2.0, 4.0), 12.0),))
    assert program.whole_s(3, {"a": 3.0}) == pytest.approx(20.0)


def test_more_epochs_at_another_pace_leave_the_start_as_it_is() -> None:
    # 8 s to start, 1 s beside the training, and 2 s more than usual in the first epoch
    program = Program(20.0, (Run("a", (5.0, 2.0, 4.0), 12.0),))
    assert program.whole_s(10, {"a": 6.0}) == pytest.approx(8 + 1 + 2 + 10 * 6)
    assert program.whole_s(10, {"a": 6.0}, other_s=6.0) == pytest.approx(8 + 6 + 2 + 10 * 6)


def test_groups_that_train_at_once_take_as_long_as_the_longest() -> None:
    runs = (Run("a", (1.0, 1.0), 2.0), Run("a", (1.0, 1.0), 2.0), Run("b", (2.0, 2.0), 4.0))
    paces = {"a": 1.0, "b": 3.0}
    assert Program(9.0, runs).whole_s(10, paces) == pytest.approx(1 + 20 + 30)
    assert Program(5.0, runs).whole_s(10, paces, at_once=2) == pytest.approx(1 + 30)

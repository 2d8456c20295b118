"""Whether an owner is alive is seen where it can be, and else told by its heartbeat."""

import os
import time

import pytest

from hhexp.tracking.heartbeat import make_owner_tags
from hhexp.tracking.process import name_process, name_this_process
from hhexp.tracking.tags import HEARTBEAT, PROCESS
from hhexp.tracking.watch import FORGOTTEN_S, SILENCE_S, Watch

ELSEWHERE = "box 17 1700000000.00 another-boot token"
"""A process of a machine that cannot be seen from here."""


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(clock)


def look(watch: Watch, beat: float | None, owner: str = ELSEWHERE, run_id: str = "a") -> str | None:
    """Who trains a run whose owner has beaten so many seconds ago, by its own clock."""
    beaten = {} if beat is None else {HEARTBEAT: str(time.time() - beat)}
    return watch.find_trainer(run_id, "RUNNING", {PROCESS: owner, **beaten})


def test_a_process_of_this_place_is_seen_whatever_its_heartbeat(watch: Watch) -> None:
    here = name_process(os.getppid())
    assert look(watch, None, here) == here
    assert look(watch, 10**6, here) == here
    gone = here.replace(here.split(" ")[2], "1.00")
    assert look(watch, 0, gone) is None


def test_the_run_of_this_process_has_no_other_trainer(watch: Watch) -> None:
    assert look(watch, 0, name_this_process()) is None
    assert watch.find_trainer("a", "RUNNING", {}) is None
    assert watch.find_trainer("a", "KILLED", make_owner_tags() | {PROCESS: ELSEWHERE}) is None


@pytest.mark.parametrize("beat", [0, FORGOTTEN_S - 60, -FORGOTTEN_S])
def test_at_the_first_look_an_owner_elsewhere_is_alive(watch: Watch, beat: float) -> None:
    assert look(watch, beat) == ELSEWHERE


@pytest.mark.parametrize("beat", [None, FORGOTTEN_S + 60])
def test_unless_it_was_not_heard_of_for_an_hour(watch: Watch, beat: float | None) -> None:
    assert look(watch, beat) is None


def test_a_heartbeat_that_does_not_change_is_the_last_one(watch: Watch, clock: Clock) -> None:
    beat = {PROCESS: ELSEWHERE, HEARTBEAT: str(time.time())}
    for waited, trainer in ((0, ELSEWHERE), (SILENCE_S - 1, ELSEWHERE), (1, None)):
        clock.now += waited
        assert watch.find_trainer("a", "RUNNING", beat) == trainer
    assert look(watch, 0, run_id="b") == ELSEWHERE


@pytest.mark.parametrize("off", [0, 3 * FORGOTTEN_S, -3 * FORGOTTEN_S])
def test_one_that_changes_is_a_sign_of_life_whatever_the_clocks(
    watch: Watch, clock: Clock, off: float
) -> None:
    look(watch, off)
    for _ in range(9):
        clock.now += SILENCE_S - 1
        assert look(watch, off) == ELSEWHERE

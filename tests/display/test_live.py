import io
import logging
import sys
import threading

import pytest
from rich.console import Console

from hhexp.display import PlannedRun, display
from hhexp.display.events import Phase, RunEnded, StepDone
from hhexp.display.live import layout, shorten
from hhexp.display.progress import Progress

KEYS = ("aug=none epochs=15", "aug=full epochs=15", "aug=none epochs=30", "aug=full epochs=30")
JOBS = [PlannedRun(key, 15) for key in KEYS]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Screen:
    """A live display whose screen can be read as lines of text."""

    def __init__(self, jobs, workers, clock, width, **named):
        self.file = Terminal()
        console = Console(
            file=self.file, force_terminal=True, width=width, height=24, color_system=None
        )
        self.display = display(jobs, workers, console, clock=clock, **named)
        self.width = width

    def lines(self):
        console = Console(file=io.StringIO(), width=self.width, color_system=None)
        console.print(
            self.display._draw_screen()
        )  # as it is now: the terminal is drawn by a thread
        return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_two_runs_in_training_take_a_line_each(clock, training, width):
    screen = Screen(JOBS, 2, clock, width, title="study")
    for key in KEYS[:2]:
        run = training(screen.display, clock, key, 15)
        run.epoch(1)
        run.steps(2, 1, 15)
    sweep, heading, *rows = screen.lines()
    assert sweep.startswith("study") and "0/4 runs done" in sweep
    assert "1 min 30 s elapsed" in sweep and sweep.endswith("about 14 min left")
    assert heading.split()[:4] == ["epoch", "steps", "train", "val"]
    assert [row[:18] for row in rows] == list(KEYS[:2])
    for row in rows:
        assert "2/15" in row and "0.610  66.0%" in row and "0.400  81.2%" in row
        assert row.endswith("6 min 45 s")
        assert ("30.0" in row) == (width == 120)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("key", ["a=1", "model.filters=[16,32,64] lr=cosine aug=full epochs=100"])
def test_no_line_is_wider_than_the_terminal(clock, training, width, key):
    screen = Screen(
        [PlannedRun(key, 100), PlannedRun("b=2", 100)], 2, clock, width, title="long title " * 9
    )
    run = training(screen.display, clock, key, 100, step_s=100)
    run.epoch(1)
    run.steps(2, 1, 3)
    screen.display(Phase("b=2", "reading the images " * 9))
    lines = screen.lines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= width - 2  # where the terminal echoes ^C
    assert "2/100" in lines[2]


def test_the_time_left_is_known_within_the_first_epoch(clock, training):
    screen = Screen(JOBS, 2, clock, 80)
    run = training(screen.display, clock, KEYS[0], 15)
    assert "starting epoch 1" in screen.lines()[2]
    assert screen.lines()[0].endswith("estimating the time left")
    run.steps(1, 1, 6)
    assert "about 16 min left" in screen.lines()[0]


def test_only_the_running_ones_of_many_jobs_are_shown(clock, training):
    jobs = [PlannedRun(f"seed={number}", 2) for number in range(100)]
    screen = Screen(jobs, 2, clock, 80)
    for key in ("seed=0", "seed=1", "seed=2"):
        training(screen.display, clock, key, 2).epoch(1)
    screen.display(RunEnded("seed=1", "id", "FINISHED", ""))
    lines = screen.lines()
    assert "1/100 runs done" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["seed=0", "seed=2"]


def test_a_job_alone_has_a_line_for_its_name_and_none_for_the_sweep(clock, training):
    name = "data=folder data.root=pictures data.image_size=150 epochs=2"
    screen = Screen([PlannedRun(name, 2)], 1, clock, 80)
    assert screen.lines() == []
    screen.display(Phase(name, "reading the images"))
    assert screen.lines()[0] == name
    assert screen.lines()[2] == "   reading the images"
    training(screen.display, clock, name, 2).epoch(1)
    assert screen.lines()[0] == name
    assert screen.lines()[2].split()[0] == "2/2"


def test_names_of_runs_are_whole_at_80_columns(clock, training):
    names = [f"aug.engine=image_data_generator seed={seed}" for seed in (10, 11)]
    screen = Screen([PlannedRun(name, 2) for name in names], 2, clock, 80)
    for name in names:
        training(screen.display, clock, name, 2).epoch(1)
    assert [line[: len(names[0])] for line in screen.lines()[2:]] == names


def test_a_continued_run_says_from_where_until_its_first_step(clock, training):
    screen = Screen(JOBS, 2, clock, 80)
    run = training(screen.display, clock, KEYS[2], 30, first_epoch=16)
    assert screen.lines()[2].endswith("continues from epoch 15")
    run.steps(16, 1, 1)
    assert "16/30" in screen.lines()[2]


def test_ended_runs_leave_a_line_each(clock, training):
    screen = Screen(JOBS, 2, clock, 120)
    with screen.display as shown:
        training(shown, clock, KEYS[0], 1).epoch(1)
        shown(RunEnded(KEYS[0], "0123456789abcdef", "FINISHED", ""))
        shown(RunEnded(KEYS[1], None, "FAILED", "ValueError: [8,8]\nis wrong"))
        assert "2/4 runs done, 1 failed" in screen.lines()[0]
    text = screen.file.getvalue()
    assert "aug=none epochs=15  FINISHED  val 81.2%  30 s  run 01234567" in text
    assert "aug=full epochs=15  FAILED  ValueError: [8,8] is wrong" in text


def test_failures_are_red(clock):
    file = Terminal()
    console = Console(file=file, force_terminal=True, width=80, color_system="standard")
    with display(JOBS, 2, console, clock=clock) as shown:
        shown(RunEnded(KEYS[0], None, "FAILED", "no memory"))
    assert "\x1b[31mFAILED" in file.getvalue()


def test_prints_and_warnings_go_above_the_display(clock, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    logger, handler = logging.getLogger("hhexp.early"), logging.StreamHandler()
    logger.addHandler(handler)
    before = handler.stream
    screen = Screen(JOBS, 2, clock, 80)
    with screen.display:
        print("a print")
        logger.warning("a warning")
    logger.removeHandler(handler)
    assert "a print" in screen.file.getvalue() and "a warning" in screen.file.getvalue()
    assert sys.stdout.getvalue() == before.getvalue() == ""
    assert handler.stream is before is sys.stderr


def test_the_cursor_comes_back_after_ctrl_c(clock):
    screen = Screen(JOBS, 2, clock, 80)
    with pytest.raises(KeyboardInterrupt), screen.display:
        raise KeyboardInterrupt
    text = screen.file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_threads_may_report_at_once(clock, training):
    screen = Screen([PlannedRun(f"seed={number}", 2) for number in range(8)], 8, clock, 80)

    def train(number):
        run = training(screen.display, clock, f"seed={number}", 2)
        run.epoch(1)
        run.epoch(2)
        screen.display(RunEnded(f"seed={number}", "id", "FINISHED", ""))

    with screen.display:
        threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert "8/8 runs done" in screen.lines()[0]
    assert screen.file.getvalue().count("FINISHED") == 8


def test_keys_keep_their_end_when_they_are_shortened():
    assert shorten("lr=cosine aug=full epochs=15", 19) == "lr=cos…ll epochs=15"
    assert shorten("aug=full", 8) == "aug=full"


def test_a_wide_terminal_shows_every_column_and_a_narrow_one_the_most_needed():
    assert [column.heading for column in layout(120, KEYS).columns] == [
        "epoch", "steps", "train", "val", "s/epoch", "left",
    ]  # fmt: skip
    assert [column.heading for column in layout(50, KEYS).columns] == ["epoch", "val"]


def test_events_of_a_job_that_nobody_planned_are_shown(clock):
    sweep = Progress([], 1, clock)
    sweep.update(StepDone("extra=1", 1, 1, 0.5, 0.5))
    assert [run.key for run in sweep.running] == ["extra=1"]

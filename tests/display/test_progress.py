import pytest

from hhexp.display.events import Phase, RunAwaited, RunEnded, RunLost, RunStarted, StepDone
from hhexp.display.progress import WITH_VALIDATION, PlannedRun, Progress


def jobs(*epochs):
    return [PlannedRun(f"job={number}", count) for number, count in enumerate(epochs)]


def test_nothing_is_said_of_the_time_left_before_steps_were_timed(clock):
    sweep = Progress(jobs(2), 1, clock)
    assert sweep.left() is None
    sweep.update(RunStarted("job=0", "id", 1, 2, 30))
    clock.wait(60)
    sweep.update(StepDone("job=0", 1, 1, 0.7, 0.5))
    assert sweep.left() is None


def test_the_first_two_steps_do_not_count_in_the_estimate(clock, training):
    sweep = Progress(jobs(2), 1, clock)
    run = training(sweep.update, clock, "job=0", 2)
    clock.wait(100)  # the graph is traced
    run.steps(1, 1, 6)
    assert sweep.left() == pytest.approx((2 - 6 / 30) * 30 * WITH_VALIDATION)


def test_throttled_steps_are_timed_as_well(clock):
    sweep = Progress(jobs(1), 1, clock)
    sweep.update(RunStarted("job=0", "id", 1, 1, 30))
    for step in (1, 8, 15):
        clock.wait(14)
        sweep.update(StepDone("job=0", 1, step, 0.7, 0.5))
    assert sweep.left() == pytest.approx(0.5 * 30 * 2 * WITH_VALIDATION)


def test_waiting_runs_are_shared_out_among_the_workers(clock, training):
    sweep = Progress(jobs(2, 2, 4, 4), 2, clock)
    training(sweep.update, clock, "job=0", 2).epoch(1)
    training(sweep.update, clock, "job=1", 2).epoch(1)
    assert sweep.left() == pytest.approx(30 + 4 * 30)


def test_a_long_run_alone_decides_how_long_the_rest_takes(clock, training):
    sweep = Progress(jobs(10, 1), 2, clock)
    training(sweep.update, clock, "job=0", 10).epoch(1)
    assert sweep.left() == pytest.approx(9 * 30)


def test_what_runs_take_beside_their_epochs_counts_for_the_waiting_ones(clock, training):
    sweep = Progress(jobs(1, 1, 1), 1, clock)
    sweep.update(Phase("job=0", "reading the images"))
    clock.wait(10)
    training(sweep.update, clock, "job=0", 1).epoch(1)
    sweep.update(RunEnded("job=0", "id", "FINISHED", ""))
    assert sweep.left() == pytest.approx(2 * (30 + 10))


def test_a_run_whose_process_was_lost_counts_from_where_it_goes_on(clock, training):
    sweep = Progress(jobs(10), 1, clock)
    run = training(sweep.update, clock, "job=0", 10)
    for epoch in range(1, 8):
        run.epoch(epoch)
    assert sweep.update(RunLost("job=0", "lost")).phase == "lost"
    training(sweep.update, clock, "job=0", 10, first_epoch=6).epoch(6)
    assert sweep.runs["job=0"].epoch == 7
    assert sweep.left() == pytest.approx(4 * 30)


def test_a_continued_run_counts_only_what_is_trained(clock, training):
    sweep = Progress(jobs(30), 1, clock)
    run = training(sweep.update, clock, "job=0", 30, first_epoch=16)
    assert sweep.epochs == 15
    run.epoch(16)
    assert sweep.left() == pytest.approx(14 * 30)
    assert sweep.running[0].epoch == 17


def test_a_run_that_was_reused_is_done_and_takes_no_time(clock, training):
    sweep = Progress(jobs(1, 30), 1, clock)
    training(sweep.update, clock, "job=0", 1).epoch(1)
    sweep.update(RunEnded("job=1", "id", "FINISHED", "reused"))
    assert [run.key for run in sweep.ended] == ["job=1"]
    assert sweep.epochs == 1
    assert sweep.left() == 0


def test_a_failed_run_leaves_no_time_behind(clock, training):
    sweep = Progress(jobs(30), 1, clock)
    training(sweep.update, clock, "job=0", 30).epoch(1)
    sweep.update(RunEnded("job=0", "id", "FAILED", "out of memory"))
    assert sweep.left() == 0
    assert sweep.progress == sweep.epochs == 1


def test_a_run_that_was_waited_for_and_is_taken_over_counts_what_is_left(clock, training):
    sweep = Progress(jobs(30), 1, clock)
    sweep.update(RunAwaited("job=0", "0123456789abcdef", "process 17 is training it"))
    assert sweep.running[0].phase == "waits for run 01234567: process 17 is training it"
    other = training(lambda _: None, clock, "job=0", 30)
    other.report = sweep.update
    for epoch in range(1, 8):
        clock.wait(30)
        other.end_epoch(epoch)
    assert (sweep.progress, sweep.left()) == (7, pytest.approx(23 * 30))
    run = training(sweep.update, clock, "job=0", 30, first_epoch=6)
    assert (sweep.epochs, sweep.progress, sweep.running[0].epoch) == (25, 0, 6)
    run.epoch(6)
    assert sweep.left() == pytest.approx(24 * 30)

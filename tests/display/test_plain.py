import io

from rich.console import Console

from hhexp.display import PlannedRun, display
from hhexp.display.events import EpochDone, Phase, RunAwaited, RunEnded, RunLost, RunStarted

METRICS = "train loss 0.5000 accuracy 75.0%, val loss 0.4000 accuracy 81.2%"


def plain(jobs, workers, clock, **named):
    file = io.StringIO()
    return display(jobs, workers, Console(file=file), clock=clock, **named), file


def lines(file):
    return file.getvalue().splitlines()


def test_a_run_is_told_from_its_start_to_its_end(clock, training):
    shown, file = plain([PlannedRun("aug=full", 2)], 1, clock)
    with shown:
        run = training(shown, clock, "aug=full", 2)
        run.epoch(1)
        run.epoch(2)
        shown(RunEnded("aug=full", "0123456789abcdef", "FINISHED", ""))
    assert lines(file) == [
        "aug=full: started, run 01234567",
        "about 1 min 06 s for this run (2 epochs)",
        f"aug=full: epoch 1/2, {METRICS}, 30.0 s/epoch, 30 s left",
        f"aug=full: epoch 2/2, {METRICS}, 30.0 s/epoch",
        "aug=full: FINISHED, val accuracy 81.2%, 1 min, run 01234567",
    ]


def test_a_run_that_another_process_trains_is_told_as_well(clock, training):
    shown, file = plain([PlannedRun("aug=full", 2)], 1, clock)
    with shown:
        shown(RunAwaited("aug=full", "0123456789abcdef", "process 17 is training it"))
        shown(Phase("aug=full", "waits"))
        shown(EpochDone("aug=full", 1, {
            "train/loss": 0.5, "train/accuracy": 0.75, "val/loss": 0.4, "val/accuracy": 0.8125,
            "time/epoch_s": 30.0,
        }))  # fmt: skip
        shown(RunEnded("aug=full", "0123456789abcdef", "FINISHED", "reused a finished run"))
    told = lines(file)
    assert told[0] == "aug=full: waits for run 01234567: process 17 is training it"
    assert f"aug=full: epoch 1/2, {METRICS}, 30.0 s/epoch, 30 s left" in told
    assert told[-1].endswith("run 01234567: reused a finished run")


def test_the_whole_sweeps_time_is_said_once_within_the_first_epoch(clock, training):
    jobs = [PlannedRun(f"job={number}", 15) for number in range(4)]
    shown, file = plain(jobs, 2, clock, title="a study")
    with shown:
        run = training(shown, clock, "job=0", 15)
        run.steps(1, 1, 4)
        assert lines(file) == ["a study", "job=0: started, run 01234567"]
        run.steps(1, 5, 30)
        assert lines(file)[2:] == [
            "about 17 min for the whole sweep (4 runs, 60 epochs, 2 at a time)"
        ]
        run.end_epoch(1)
        assert lines(file)[3].endswith("30.0 s/epoch, 7 min left, 15 min for the sweep")


def test_a_continued_run_says_from_where(clock, training):
    shown, file = plain([PlannedRun("aug=full", 30)], 1, clock)
    with shown:
        training(shown, clock, "aug=full", 30, first_epoch=16).epoch(16)
    assert lines(file)[0] == "aug=full: started, run 01234567, continues from epoch 15"
    assert "aug=full: epoch 16/30," in lines(file)[2]


def test_a_lost_process_is_said(clock):
    shown, file = plain([PlannedRun("seed=1", 2)], 1, clock)
    with shown:
        shown(RunLost("seed=1", "its process was lost"))
    assert lines(file) == ["seed=1: its process was lost"]


def test_a_run_that_was_interrupted_is_not_done(clock):
    shown, file = plain([PlannedRun("a=1", 9), PlannedRun("a=2", 9)], 1, clock)
    with shown:
        shown(RunEnded("a=1", "0123456789abcdef", "FINISHED", "trained before"))
        shown(RunEnded("a=2", None, "KILLED", "interrupted"))
    assert lines(file)[1] == "a=2: KILLED, 1 of 2 runs done: interrupted"


def test_runs_that_failed_or_were_reused_say_why(clock):
    shown, file = plain([PlannedRun("a=1", 9), PlannedRun("a=2", 9)], 1, clock)
    with shown:
        shown(RunEnded("a=1", "0123456789abcdef", "FINISHED", "trained before"))
        shown(Phase("a=2", "reading the images"))
        clock.wait(3)
        shown(RunEnded("a=2", None, "FAILED", "ValueError: no\nmemory"))
    assert lines(file) == [
        "a=1: FINISHED, run 01234567, 1 of 2 runs done: trained before",
        "a=2: FAILED, 3 s, 2 of 2 runs done: ValueError: no memory",
    ]


def test_a_file_gets_neither_escape_codes_nor_carriage_returns(
    clock, training, monkeypatch, capsys
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with display([PlannedRun("model.filters=[8,8]", 1)], 1, clock=clock) as shown:
        training(shown, clock, "model.filters=[8,8]", 1).epoch(1)
    text = capsys.readouterr().out
    assert "model.filters=[8,8]: epoch 1/1" in text
    assert "\x1b" not in text and "\r" not in text


def test_a_loss_that_explodes_is_short(clock):
    shown, file = plain([PlannedRun("lr=too_large", 1)], 1, clock)
    metrics = {"train/loss": 1.1233235957164467e30, "train/accuracy": 0.5, "val/loss": 12345.678}
    with shown:
        shown(RunStarted("lr=too_large", "0123456789abcdef", 1, 1, 30))
        shown(EpochDone("lr=too_large", 1, metrics | {"val/accuracy": 0.5, "time/epoch_s": 30.0}))
    assert "train loss 1.1e+30 accuracy 50.0%, val loss 1.2e+04 accuracy" in file.getvalue()

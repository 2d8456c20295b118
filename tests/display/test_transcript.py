"""What a run says and prints is written down, and goes where it went before."""

import sys
from typing import Any

from hhexp.display.events import EpochDone, Event, Notice, RunStarted
from hhexp.display.transcript import Transcript

METRICS = {
    **{"train/loss": 0.5, "train/accuracy": 0.75, "val/loss": 0.25, "val/accuracy": 1.0},
    "time/epoch_s": 2.0,
}


def test_events_are_written_down_and_passed_on() -> None:
    heard: list[Event] = []
    transcript = Transcript("aug=full", 3)
    report = transcript.hear(heard.append)
    events = [
        RunStarted("aug=full", "0123456789", 2, 3, 10),
        Notice("aug=full", "something to know"),
        EpochDone("aug=full", 2, METRICS),
    ]
    for event in events:
        report(event)
    assert heard == events
    assert "aug=full: started, run 01234567" in transcript.text
    assert "something to know" in transcript.text
    assert "epoch 2/3, train loss 0.5000 accuracy 75.0%" in transcript.text
    assert transcript.path == "console/from_epoch_002.txt"


def test_prints_are_copied_and_the_streams_given_back(capsys: Any) -> None:
    transcript = Transcript("aug=full", 1)
    before = sys.stdout
    with transcript.copy_prints():
        print("said by a callback")
        print("and a warning", file=sys.stderr)
        assert sys.stdout.isatty() is False
    assert sys.stdout is before
    assert transcript.text == "said by a callback\nand a warning\n"
    said = capsys.readouterr()
    assert (said.out, said.err) == ("said by a callback\n", "and a warning\n")
